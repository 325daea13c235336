import type { SagaDefinition } from '#libs/saga';
import { Injectable } from '@nestjs/common';
import { AwaitSnapshotStep } from './await-snapshot.step';
import { holdsDroplet, OwnDropletInput, DropletAccess, type WithDroplet } from './own-droplet';
import { TakeSnapshotStep } from './take-snapshot.step';

/** Takes a snapshot of a droplet, running or not. */
@Injectable()
export class SnapshotDropletSaga {
  readonly definition: SagaDefinition<WithDroplet, OwnDropletInput>;

  constructor(own: DropletAccess, take: TakeSnapshotStep, listed: AwaitSnapshotStep) {
    this.definition = {
      kind: 'snapshot_droplet',
      input: OwnDropletInput,
      prepare: (proposal) => own.withDroplet(proposal),
      plan: () => [take.name, listed.name],
      holds: holdsDroplet,
      steps: [take, listed],
    };
  }
}
