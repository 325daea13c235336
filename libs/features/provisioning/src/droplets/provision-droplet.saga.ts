import type { SagaDefinition } from '#libs/saga';
import { Injectable } from '@nestjs/common';
import { AssignProjectStep } from './assign-project.step';
import { AwaitActiveStep } from './await-active.step';
import { CreateDropletStep } from './create-droplet.step';
import { OrderCheck } from './order-check';
import { ProvisionDropletInput } from './provision-droplet.input';
import { RegisterDropletStep } from './register-droplet.step';

/** Makes a droplet that is active, reachable, its tenant's, in the inventory and in the desired state; or nothing. */
@Injectable()
export class ProvisionDropletSaga {
  readonly definition: SagaDefinition<ProvisionDropletInput>;

  constructor(
    check: OrderCheck,
    create: CreateDropletStep,
    active: AwaitActiveStep,
    assign: AssignProjectStep,
    register: RegisterDropletStep,
  ) {
    this.definition = {
      kind: 'provision_droplet',
      input: ProvisionDropletInput,
      prepare: (proposal) => check.check(proposal),
      plan: ({ project_id }) => [create, active, ...(project_id === undefined ? [] : [assign]), register].map(({ name }) => name),
      steps: [create, active, assign, register],
      redactedInputFields: ['user_data'],
    };
  }
}
