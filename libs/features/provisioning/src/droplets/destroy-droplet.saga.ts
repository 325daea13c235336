import type { SagaDefinition } from '#libs/saga';
import { Injectable } from '@nestjs/common';
import { DestroyDropletStep } from './destroy-droplet.step';
import { MarkDeletedStep } from './mark-deleted.step';
import { holdsDroplet, OwnDropletInput, DropletAccess, type WithDroplet } from './own-droplet';

/** Destroys a droplet, for good. Its snapshots stay. */
@Injectable()
export class DestroyDropletSaga {
  readonly definition: SagaDefinition<WithDroplet, OwnDropletInput>;

  constructor(own: DropletAccess, destroy: DestroyDropletStep, mark: MarkDeletedStep) {
    this.definition = {
      kind: 'destroy_droplet',
      input: OwnDropletInput,
      prepare: (proposal) => own.withDroplet(proposal),
      plan: () => [destroy.name, mark.name],
      holds: holdsDroplet,
      steps: [destroy, mark],
    };
  }
}
