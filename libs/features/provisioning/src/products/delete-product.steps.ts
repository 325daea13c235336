import { CONFIG, type Config } from '#libs/config';
import { ResourceRegistrar } from '#libs/inventory';
import { done, fail, wait, type StepAnswer, type StepContext, type StepDefinition, type StepPolicy } from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { DesiredStateRepository } from '../desired-state/desired-state.repository';
import { AddressInDnsError, ZoneReferences } from '../dns/record-forecasts';
import { answerGuard, DestructionGuard } from '../protection/destruction-guard';
import { ProductCalls, type ProductKind } from '../provider/product-calls';
import { stepErrorOf } from '../provisioning.errors';
import type { AcceptedProduct } from './product.input';
import type { ProductFacts } from './product-forecasts';
import { PRODUCT_NAMES, ProductRunner } from './product-runner';

type DeleteIntent = {
  readonly askedAtMs?: number;
  readonly ruledOut?: boolean;
  /** Before the delete: the zones up to this one, in the order of their names, have no record that is in the way. */
  readonly zonesReadTo?: string;
  /** When the first of them was read, ms since the step began. */
  readonly zonesReadAtMs?: number;
};
type Ctx = StepContext<AcceptedProduct, DeleteIntent, never>;

/**
 * Base of the steps that delete one object and mark it deleted once the provider returns 404. The step is a pivot, because a delete cannot be
 * undone. A missing object counts as deleted. [SAG-15]
 */
@Injectable()
abstract class DeleteProductStep implements StepDefinition<AcceptedProduct, DeleteIntent, never> {
  abstract readonly name: string;
  readonly pivot = true;
  readonly policy: Partial<StepPolicy> = { tries: 4, waitLimitMs: 900_000 };
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
    const deleting = wait(this.config.saga.pollMs, `waiting for ${PRODUCT_NAMES[this.kind]} ${id} to be deleted`);
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
      pending: deleting,
      refused: async (error) => {
        const stopped = answerGuard(error, mayBeUnderWay);
        if (stopped) return stopped;
        if (error.category === 'not_found') return deleting; // reads may still contain the object for a while
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

/** Zones are read in parts, in one execution each, because an owner may have more than can be read within the time limit of a step. */
const PARTS_PER_EXECUTION = 5;
/** Zones that were read longer ago are read again, because a record may have been pointed at the address meanwhile. */
const ZONES_FRESH_MS = 600_000;
/** Pause before the next zones are read. */
const NEXT_ZONES_MS = 100;

/** Releases a reserved IP. The DNS records are read once more, because one may have been pointed at the address since the start. */
@Injectable()
export class ReleaseIpStep extends DeleteProductStep {
  readonly name = 'release_ip';
  override readonly policy = { tries: 4, waitLimitMs: 3_600_000 };
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

  /** Records after each part how far it is, so that no later execution begins again. All zones are read before an address is released. */
  protected override async findObstacle(ctx: Ctx): Promise<StepAnswer<never> | undefined> {
    const { input, intent, tenantId, signal, sinceBegunMs } = ctx;
    if (input.force === true) return undefined;
    const ip = input.provider_id ?? '';
    const scope = tenantId === null ? ({ kind: 'platform' } as const) : ({ kind: 'tenant', tenantId } as const);
    const isFresh = intent?.zonesReadAtMs !== undefined && sinceBegunMs - intent.zonesReadAtMs < ZONES_FRESH_MS;
    const readAtMs = isFresh ? intent.zonesReadAtMs : sinceBegunMs;
    let parts = 0;
    for await (const { records, readTo, left } of this.zones.read(scope, ip, signal, isFresh ? intent.zonesReadTo : undefined)) {
      if (records.length > 0) return fail(stepErrorOf(new AddressInDnsError(ip, records)), 'none');
      if (left === 0) break;
      // Also a worker of an earlier release reads then that no delete was sent.
      await ctx.recordIntent({ ruledOut: true, zonesReadTo: readTo, zonesReadAtMs: readAtMs });
      parts += 1;
      if (parts === PARTS_PER_EXECUTION) return wait(NEXT_ZONES_MS, `waiting for the DNS records of ${left} more zones to be read`);
    }
    return undefined;
  }
}
