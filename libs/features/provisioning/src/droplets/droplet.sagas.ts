import type { SagaDefinition } from '#libs/saga';
import { Injectable } from '@nestjs/common';
import { AssignProjectStep } from './assign-project.step';
import { AwaitActiveStep } from './await-active.step';
import { CreateDropletStep } from './create-droplet.step';
import { AwaitDueStep, DestroyDropletStep, MarkDeletedStep } from './destroy-droplet.step';
import { DropletAccess, dropletHolds } from './droplet-access';
import { DropletForecasts } from './droplet-forecasts';
import { DestroyDropletInput, OwnDropletInput, PowerDropletInput, ProvisionDropletInput, ResizeDropletInput } from './droplet.input';
import type { AcceptedDestroy, AcceptedResize, WithDroplet } from './droplet.input';
import { ChangePowerStep, PowerDownStep, RebootStep, RecordPowerStep } from './power-droplet.steps';
import { PowerOffStep, PowerOnStep } from './power.steps';
import { ObserveDropletStep, RecordSizeStep } from './record-size.step';
import { RegisterDropletStep } from './register-droplet.step';
import { ResizeStep, ResizeWithDiskStep } from './resize.step';
import { AwaitSnapshotStep, TakeSnapshotStep } from './take-snapshot.step';

/** Creates a droplet that is active, reachable, assigned to its tenant, in the inventory and in the desired state. */
@Injectable()
export class ProvisionDropletSaga {
  readonly definition: SagaDefinition<ProvisionDropletInput>;

  constructor(
    access: DropletAccess,
    forecasts: DropletForecasts,
    create: CreateDropletStep,
    active: AwaitActiveStep,
    assign: AssignProjectStep,
    register: RegisterDropletStep,
  ) {
    this.definition = {
      kind: 'provision_droplet',
      input: ProvisionDropletInput,
      prepare: (command) => access.acceptOrder(command),
      findProblems: (fields) => access.findOrderProblems(fields),
      plan: ({ project_id }) => [create, active, ...(project_id === undefined ? [] : [assign]), register].map(({ name }) => name),
      foresee: (command) => forecasts.ofProvision(command),
      steps: [create, active, assign, register],
      redactedInputFields: ['user_data'],
    };
  }
}

/** Destroys a droplet for good: at once, or after a time in which it is off; with a last snapshot where one is asked for. Its snapshots stay. */
@Injectable()
export class DestroyDropletSaga {
  readonly definition: SagaDefinition<AcceptedDestroy, DestroyDropletInput>;

  constructor(
    access: DropletAccess,
    forecasts: DropletForecasts,
    off: PowerDownStep,
    due: AwaitDueStep,
    take: TakeSnapshotStep,
    listed: AwaitSnapshotStep,
    destroy: DestroyDropletStep,
    mark: MarkDeletedStep,
  ) {
    this.definition = {
      kind: 'destroy_droplet',
      input: DestroyDropletInput,
      prepare: (command) => access.acceptDestroy(command),
      plan: ({ after_hours, final_snapshot }) =>
        [...(after_hours ? [off, due] : []), ...(final_snapshot ? [take, listed] : []), destroy, mark].map(({ name }) => name),
      foresee: (command) => forecasts.ofDestroy(command),
      hashedInput: ({ expected_name: _confirmed, ...used }) => used, // a person may type the name after reading the plan
      holds: dropletHolds,
      destroys: ({ resource_id }) => [resource_id],
      steps: [off, due, take, listed, destroy, mark],
    };
  }
}

/** Switches a droplet on or off, or restarts it. A droplet that we were asked to switch off is meant to be off. */
@Injectable()
export class PowerDropletSaga {
  readonly definition: SagaDefinition<WithDroplet<PowerDropletInput>, PowerDropletInput>;

  constructor(
    access: DropletAccess,
    forecasts: DropletForecasts,
    change: ChangePowerStep,
    record: RecordPowerStep,
    reboot: RebootStep,
    observe: ObserveDropletStep,
  ) {
    this.definition = {
      kind: 'power_droplet',
      input: PowerDropletInput,
      prepare: (command) => access.acceptPower(command),
      plan: ({ action }) => (action === 'reboot' ? [reboot, observe] : [change, record]).map(({ name }) => name),
      foresee: (command) => forecasts.ofPower(command),
      holds: dropletHolds,
      steps: [change, record, reboot, observe],
    };
  }
}

/** Takes a snapshot of a droplet, running or not. */
@Injectable()
export class SnapshotDropletSaga {
  readonly definition: SagaDefinition<WithDroplet, OwnDropletInput>;

  constructor(access: DropletAccess, forecasts: DropletForecasts, take: TakeSnapshotStep, listed: AwaitSnapshotStep) {
    this.definition = {
      kind: 'snapshot_droplet',
      input: OwnDropletInput,
      prepare: (command) => access.acceptDroplet(command),
      plan: () => [take.name, listed.name],
      foresee: (command) => forecasts.ofSnapshot(command),
      holds: dropletHolds,
      steps: [take, listed],
    };
  }
}

/** Resizes a droplet: powers it off, changes its size, and powers it on again if it was running. */
@Injectable()
export class ResizeDropletSaga {
  readonly definition: SagaDefinition<AcceptedResize, ResizeDropletInput>;

  constructor(
    access: DropletAccess,
    forecasts: DropletForecasts,
    off: PowerOffStep,
    resize: ResizeStep,
    withDisk: ResizeWithDiskStep,
    on: PowerOnStep,
    recordSize: RecordSizeStep,
  ) {
    this.definition = {
      kind: 'resize_droplet',
      input: ResizeDropletInput,
      prepare: (command) => access.acceptResize(command),
      plan: ({ disk }) => [off, disk ? withDisk : resize, on, recordSize].map(({ name }) => name),
      foresee: (command) => forecasts.ofResize(command),
      holds: dropletHolds,
      destroys: ({ resource_id, disk }) => (disk ? [resource_id] : []),
      steps: [off, resize, withDisk, on, recordSize],
    };
  }
}
