import { CONFIG, type Config } from '#libs/config';
import { ResourceRegistrar } from '#libs/inventory';
import { done, fail, wait, type StepAnswer, type StepContext, type StepDefinition } from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { DesiredStateRepository } from '../desired-state/desired-state.repository';
import { AddressInDnsError, ZoneReferences } from '../dns/record-forecasts';
import { answerGuard, DestructionGuard } from '../protection/destruction-guard';
import { ProductCalls, type ProductKind } from '../provider/product-calls';
import { stepErrorOf } from '../provisioning.errors';
import type { AcceptedProduct } from './product.input';
import type { ProductFacts } from './product-forecasts';
import { PRODUCT_NAMES, ProductRunner } from './product-runner';

type DeleteIntent = { readonly askedAtMs?: number; readonly ruledOut?: boolean };
type Ctx = StepContext<AcceptedProduct, DeleteIntent, never>;

/**
 * Base of the steps that delete one object and mark it deleted once the provider returns 404. The step is a pivot, because a delete cannot be
 * undone. A missing object counts as deleted. [SAG-15]
 */
@Injectable()
abstract class DeleteProductStep implements StepDefinition<AcceptedProduct, DeleteIntent, never> {
  abstract readonly name: string;
  readonly pivot = true;
  readonly policy = { tries: 4, waitLimitMs: 900_000 };
  protected abstract readonly kind: ProductKind;
  protected abstract readonly does: string;

  constructor(
    private readonly products: ProductCalls,
    private readonly runner: ProductRunner,
    private readonly inventory: ResourceRegistrar,
    private readonly desiredStates: DesiredStateRepository,
    private readonly guard: DestructionGuard,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Why the object must not be deleted now; undefined when nothing is in the way. */
  protected async findObstacle(_ctx: Ctx): Promise<StepAnswer<never> | undefined> {
    return undefined;
  }

  readonly outline = (_input: AcceptedProduct, _facts: ProductFacts) => ({ does: this.does, calls: { min: 2, typical: 3 } });

  readonly execute = (ctx: Ctx): Promise<StepAnswer<never>> => {
    const { provider_id: id = '', resource_id: resourceId = '' } = ctx.input;
    const mayBeUnderWay = ctx.intent !== null && ctx.intent.ruledOut !== true;
    return ctx.effect(`delete ${this.kind}`, {
      find: async () => {
        if (await this.products.get(this.kind, id, ctx.signal)) return undefined;
        await ctx.guard();
        await this.inventory.markDeleted(this.kind, id, ctx.sagaId);
        await this.desiredStates.end(resourceId);
        return done();
      },
      unrecorded: 'visible',
      intent: {},
      fields: { sentAtMs: 'askedAtMs', ruledOut: 'ruledOut' },
      lagMs: this.config.provider.lagMs,
      instead: () => (mayBeUnderWay ? undefined : this.findObstacle(ctx)),
      send: async () => {
        await this.guard.assertStillAllowed(ctx, resourceId);
        await this.products.delete(this.kind, id, ctx.signal);
      },
      pending: wait(this.config.saga.pollMs, `waiting for ${PRODUCT_NAMES[this.kind]} ${id} to be deleted`),
      refused: async (error) => {
        const stopped = answerGuard(error, mayBeUnderWay);
        if (stopped) return stopped;
        if (error.category === 'not_found') return wait(0, `waiting for ${PRODUCT_NAMES[this.kind]} ${id} to be deleted`);
        const answer = await this.runner.answerRefusal(error, { kind: this.kind, id, signal: ctx.signal });
        return answer?.is === 'retry' && mayBeUnderWay ? { ...answer, effect: 'unknown' } : answer;
      },
    });
  };
}

/** Deletes a volume that is attached to no droplet. */
@Injectable()
export class DeleteVolumeStep extends DeleteProductStep {
  readonly name = 'delete_volume';
  protected readonly kind = 'volume';
  protected readonly does = 'Deletes the volume with its data';
}

/** Deletes a snapshot of a droplet or of a volume. */
@Injectable()
export class DeleteSnapshotStep extends DeleteProductStep {
  readonly name = 'delete_snapshot';
  protected readonly kind = 'snapshot';
  protected readonly does = 'Deletes the snapshot';
}

/** Releases a reserved IP. The DNS records are read once more, because one may have been pointed at the address since the start. */
@Injectable()
export class ReleaseIpStep extends DeleteProductStep {
  readonly name = 'release_ip';
  protected readonly kind = 'floating_ip';
  protected readonly does = 'Releases the address, which cannot be had back';

  constructor(
    products: ProductCalls,
    runner: ProductRunner,
    inventory: ResourceRegistrar,
    desiredStates: DesiredStateRepository,
    guard: DestructionGuard,
    @Inject(CONFIG) config: Config,
    private readonly zones: ZoneReferences,
  ) {
    super(products, runner, inventory, desiredStates, guard, config);
  }

  protected override async findObstacle({ input, tenantId, signal }: Ctx): Promise<StepAnswer<never> | undefined> {
    if (input.force === true) return undefined;
    const ip = input.provider_id ?? '';
    const records = await this.zones.pointingAt(tenantId === null ? { kind: 'platform' } : { kind: 'tenant', tenantId }, ip, signal);
    return records.length === 0 ? undefined : fail(stepErrorOf(new AddressInDnsError(ip, records)), 'none');
  }
}
