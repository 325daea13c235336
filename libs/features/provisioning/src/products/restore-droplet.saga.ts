import type { SagaDefinition, StepAnswer, StepContext } from '#libs/saga';
import { Injectable } from '@nestjs/common';
import { dropletHolds } from '../droplets/droplet-access';
import { ACTION_CALLS } from '../droplets/droplet-action-runner';
import type { WithDroplet } from '../droplets/droplet.input';
import { OneActionStep } from '../droplets/power-droplet.steps';
import { AwaitSnapshotStep, TakeSnapshotStep } from '../droplets/take-snapshot.step';
import { dropletMissing } from '../provisioning.errors';
import { ProductAccess } from './product-access';
import { ProductForecasts } from './product-forecasts';
import { RestoreDropletInput, type AcceptedProduct } from './product.input';
import { RecordChangeStep } from './record-product.steps';

type Restored = WithDroplet<AcceptedProduct>;

/**
 * Builds the droplet again from one of its backups, which the provider restores, or from one of its snapshots. The step is a pivot, because the
 * data on the disk is replaced (docs/digitalocean-facts.md 4.9).
 */
@Injectable()
export class RestoreDropletStep extends OneActionStep<Restored> {
  readonly name = 'restore_droplet';
  readonly pivot = true;
  readonly policy = { waitLimitMs: 7_200_000 };

  readonly outline = () => ({ does: 'Replaces the disk of the droplet by the image', calls: ACTION_CALLS });

  protected action({ image, image_kind }: Restored) {
    return { type: image_kind === 'snapshot' ? 'rebuild' : 'restore', image: Number(image) };
  }

  protected async judge({ input, signal }: Pick<StepContext<Restored>, 'input' | 'signal'>): Promise<StepAnswer<never> | undefined> {
    return (await this.droplets.get(input.droplet_id, signal)) ? undefined : dropletMissing(input.droplet_id);
  }

  protected override check(ctx: Pick<StepContext<Restored>, 'input' | 'tenantId'>): Promise<void> {
    return this.guard.assertStillAllowed(ctx, ctx.input.resource_id);
  }
}

/** Sets a droplet back to one of its backups or snapshots. A snapshot of the present disk is taken first, unless that is not wanted. */
@Injectable()
export class RestoreDropletSaga {
  readonly definition: SagaDefinition<Restored, RestoreDropletInput>;

  constructor(
    access: ProductAccess,
    forecasts: ProductForecasts,
    take: TakeSnapshotStep,
    listed: AwaitSnapshotStep,
    restore: RestoreDropletStep,
    record: RecordChangeStep,
  ) {
    this.definition = {
      kind: 'restore_droplet',
      input: RestoreDropletInput,
      prepare: (command) => access.acceptRestore(command),
      plan: ({ skip_snapshot }) => [...(skip_snapshot === true ? [] : [take, listed]), restore, record].map(({ name }) => name),
      foresee: (command) => forecasts.ofRestore(command),
      holds: dropletHolds,
      destroys: ({ resource_id }) => [resource_id],
      steps: [take, listed, restore, record],
    };
  }
}
