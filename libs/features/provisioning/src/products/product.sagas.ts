import type { SagaDefinition } from '#libs/saga';
import { Injectable } from '@nestjs/common';
import { AssignIpStep, AttachFirewallStep, AttachVolumeStep, DetachVolumeStep, NameFirewallStep } from './change-product.steps';
import { RenameDropletStep, ResizeVolumeStep, SetBackupPolicyStep, SetRulesStep, SetTagsOfResourceStep } from './change-product.steps';
import { UnassignIpStep } from './change-product.steps';
import { CreateFirewallStep, CreateVolumeStep } from './create-product.steps';
import { DeleteSnapshotStep, DeleteVolumeStep, ReleaseIpStep } from './delete-product.steps';
import { ProductAccess } from './product-access';
import { ProductForecasts } from './product-forecasts';
import { productHold } from './product-runner';
import { AttachFirewallInput, CreateFirewallInput, CreateVolumeInput, DetachVolumeInput, DropletBackupsInput } from './product.input';
import { OwnResourceInput, ReleaseIpInput, RenameDropletInput, ReserveIpInput, ResizeVolumeInput } from './product.input';
import { TagResourceInput, UpdateFirewallInput, WithDropletInput, type AcceptedProduct } from './product.input';
import { AssignVolumeStep, RecordChangeStep, RegisterFirewallStep, RegisterIpStep, RegisterVolumeStep } from './record-product.steps';
import { ipPlace, ReserveIpStep } from './reserve-ip.step';

type Defined<Requested> = SagaDefinition<AcceptedProduct, Requested>;
type Named = { readonly name: string };

/** Definitions with different inputs in one list. The registry hands each one the input that its own class has validated. */
const define = <Requested>(definition: Defined<Requested>): SagaDefinition => definition as unknown as SagaDefinition;
const namesOf = (...steps: readonly (Named | false)[]): string[] => steps.flatMap((step) => (step === false ? [] : [step.name]));

/** The object that the saga changes, and the droplet that takes part. */
function holdsOf({ kind, provider_id, droplet_id }: AcceptedProduct): string[] {
  const object = kind !== undefined && provider_id !== undefined ? [productHold(kind, provider_id)] : [];
  return [...object, ...(droplet_id === undefined ? [] : [productHold('droplet', droplet_id)])];
}
const overwritten = ({ resource_id }: AcceptedProduct): string[] => (resource_id === undefined ? [] : [resource_id]);

/** The sagas on volumes. */
@Injectable()
export class VolumeSagas {
  readonly definitions: readonly SagaDefinition[];

  constructor(
    access: ProductAccess,
    forecasts: ProductForecasts,
    create: CreateVolumeStep,
    assign: AssignVolumeStep,
    attach: AttachVolumeStep,
    register: RegisterVolumeStep,
    detach: DetachVolumeStep,
    resize: ResizeVolumeStep,
    remove: DeleteVolumeStep,
    record: RecordChangeStep,
  ) {
    this.definitions = [
      define<CreateVolumeInput>({
        kind: 'create_volume',
        input: CreateVolumeInput,
        prepare: (command) => access.acceptCreateVolume(command),
        plan: ({ project_id, attach_to }) =>
          namesOf(create, project_id !== undefined && assign, attach_to !== undefined && attach, register),
        foresee: (command) => forecasts.ofCreateVolume(command),
        holds: holdsOf,
        steps: [create, assign, attach, register],
      }),
      define<WithDropletInput>({
        kind: 'attach_volume',
        input: WithDropletInput,
        prepare: (command) => access.acceptAttach(command),
        plan: () => namesOf(attach, record),
        foresee: (command) => forecasts.ofAttach(command),
        holds: holdsOf,
        steps: [attach, record],
      }),
      define<DetachVolumeInput>({
        kind: 'detach_volume',
        input: DetachVolumeInput,
        prepare: (command) => access.acceptDetach(command),
        plan: () => namesOf(detach, record),
        foresee: (command) => forecasts.ofDetach(command),
        holds: holdsOf,
        steps: [detach, record],
      }),
      define<ResizeVolumeInput>({
        kind: 'resize_volume',
        input: ResizeVolumeInput,
        prepare: (command) => access.acceptResizeVolume(command),
        plan: () => namesOf(resize, record),
        foresee: (command) => forecasts.ofResizeVolume(command),
        holds: holdsOf,
        steps: [resize, record],
      }),
      define<OwnResourceInput>({
        kind: 'delete_volume',
        input: OwnResourceInput,
        prepare: (command) => access.acceptDeleteVolume(command),
        plan: () => namesOf(remove),
        foresee: (command) => forecasts.ofDelete(command),
        holds: holdsOf,
        destroys: overwritten,
        steps: [remove],
      }),
    ];
  }
}

/** The sagas on reserved IPs. */
@Injectable()
export class AddressSagas {
  readonly definitions: readonly SagaDefinition[];

  constructor(
    access: ProductAccess,
    forecasts: ProductForecasts,
    reserve: ReserveIpStep,
    assign: AssignIpStep,
    register: RegisterIpStep,
    unassign: UnassignIpStep,
    release: ReleaseIpStep,
    record: RecordChangeStep,
  ) {
    this.definitions = [
      define<ReserveIpInput>({
        kind: 'reserve_ip',
        input: ReserveIpInput,
        prepare: (command) => access.acceptReserve(command),
        plan: ({ droplet_id }) => namesOf(reserve, droplet_id !== undefined && assign, register),
        foresee: (command) => forecasts.ofReserve(command),
        holds: (input) => [ipPlace(input), ...holdsOf(input)],
        steps: [reserve, assign, register],
      }),
      define<WithDropletInput>({
        kind: 'assign_ip',
        input: WithDropletInput,
        prepare: (command) => access.acceptAssign(command),
        plan: () => namesOf(assign, record),
        foresee: (command) => forecasts.ofAssign(command),
        holds: holdsOf,
        steps: [assign, record],
      }),
      define<OwnResourceInput>({
        kind: 'unassign_ip',
        input: OwnResourceInput,
        prepare: (command) => access.acceptUnassign(command),
        plan: () => namesOf(unassign, record),
        foresee: (command) => forecasts.ofUnassign(command),
        holds: holdsOf,
        steps: [unassign, record],
      }),
      define<ReleaseIpInput>({
        kind: 'release_ip',
        input: ReleaseIpInput,
        prepare: (command) => access.acceptRelease(command),
        plan: () => namesOf(release),
        foresee: (command) => forecasts.ofRelease(command),
        holds: holdsOf,
        destroys: overwritten,
        steps: [release],
      }),
    ];
  }
}

/** The sagas on firewalls and snapshots. */
@Injectable()
export class FirewallSagas {
  readonly definitions: readonly SagaDefinition[];

  constructor(
    access: ProductAccess,
    forecasts: ProductForecasts,
    create: CreateFirewallStep,
    name: NameFirewallStep,
    register: RegisterFirewallStep,
    rules: SetRulesStep,
    attach: AttachFirewallStep,
    record: RecordChangeStep,
    removeSnapshot: DeleteSnapshotStep,
  ) {
    this.definitions = [
      define<CreateFirewallInput>({
        kind: 'create_firewall',
        input: CreateFirewallInput,
        prepare: (command) => access.acceptCreateFirewall(command),
        plan: () => namesOf(create, name, register),
        foresee: (command) => forecasts.ofCreateFirewall(command),
        steps: [create, name, register],
      }),
      define<UpdateFirewallInput>({
        kind: 'update_firewall',
        input: UpdateFirewallInput,
        prepare: (command) => access.acceptUpdateFirewall(command),
        plan: () => namesOf(rules, record),
        foresee: (command) => forecasts.ofRules(command),
        holds: holdsOf,
        steps: [rules, record],
      }),
      define<AttachFirewallInput>({
        kind: 'attach_firewall',
        input: AttachFirewallInput,
        prepare: (command) => access.acceptAttachFirewall(command),
        plan: () => namesOf(attach, record),
        foresee: (command) => forecasts.ofAttachFirewall(command),
        holds: holdsOf,
        steps: [attach, record],
      }),
      define<OwnResourceInput>({
        kind: 'delete_snapshot',
        input: OwnResourceInput,
        prepare: (command) => access.acceptDeleteSnapshot(command),
        plan: () => namesOf(removeSnapshot),
        foresee: (command) => forecasts.ofDelete(command),
        holds: holdsOf,
        destroys: overwritten,
        steps: [removeSnapshot],
      }),
    ];
  }
}

/** The sagas on settings of droplets and volumes. */
@Injectable()
export class DropletSettingSagas {
  readonly definitions: readonly SagaDefinition[];

  constructor(
    access: ProductAccess,
    forecasts: ProductForecasts,
    rename: RenameDropletStep,
    backups: SetBackupPolicyStep,
    tags: SetTagsOfResourceStep,
    record: RecordChangeStep,
  ) {
    this.definitions = [
      define<RenameDropletInput>({
        kind: 'rename_droplet',
        input: RenameDropletInput,
        prepare: (command) => access.acceptRename(command),
        plan: () => namesOf(rename, record),
        foresee: (command) => forecasts.ofRename(command),
        holds: holdsOf,
        steps: [rename, record],
      }),
      define<DropletBackupsInput>({
        kind: 'set_droplet_backups',
        input: DropletBackupsInput,
        prepare: (command) => access.acceptBackups(command),
        plan: () => namesOf(backups, record),
        foresee: (command) => forecasts.ofBackups(command),
        holds: holdsOf,
        steps: [backups, record],
      }),
      define<TagResourceInput>({
        kind: 'tag_resource',
        input: TagResourceInput,
        prepare: (command) => access.acceptTags(command),
        plan: () => namesOf(tags, record),
        foresee: (command) => forecasts.ofTags(command),
        holds: holdsOf,
        steps: [tags, record],
      }),
    ];
  }
}
