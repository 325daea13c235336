import { BoundProvider } from '#libs/accounts';
import { Catalog } from '#libs/catalog';
import { CONFIG, type Config } from '#libs/config';
import { ResourceRegistrar } from '#libs/inventory';
import { done, fail, wait, type StepAnswer, type StepContext, type StepDefinition } from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { DropletCalls, isGpuSize, type Droplet, type DropletOrder } from '../provider/droplet-calls';
import { isCreatedSince, MANAGED_TAG, sagaTag } from '../provider/tag-calls';
import { outcomeOf } from '../provider/write-outcome';
import { leftAfterRestore } from '../provisioning.errors';
import type { ProvisionDropletInput } from './droplet.input';

/** The step fails after this many creates with an unknown outcome. */
const CREATE_LIMIT = 3;
const DAY_MS = 86_400_000;
const CREATE_REASON = 'waiting for an unconfirmed create to take effect';

/** The intent of a create, recorded before the create is sent. */
interface CreateIntent {
  /** When the last create was sent, ms since the step began. */
  readonly sentAtMs: number;
  /** The number of creates, from 1. Creates that the provider refused do not count. */
  readonly create: number;
  /** True when the provider answered that the create did not happen. */
  readonly ruledOut: boolean;
}

type Ctx = StepContext<ProvisionDropletInput>;

/** What is uncertain about droplets that a compensation destroys. */
export interface RemovalUncertainty {
  /** True for a new droplet: a 404 may mean "not yet", unless the provider has accepted a DELETE of it. */
  readonly recentlyCreated: boolean;
  /** True when a create has no answer, so that one more droplet may appear. */
  readonly createUnconfirmed: boolean;
}

/** Destroys droplets and waits until the provider answers 404, because droplets have survived a 204 (docs/digitalocean-facts.md 4.4). */
@Injectable()
export class DropletRemoval {
  constructor(
    private readonly droplets: DropletCalls,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Reads each droplet once and sends at most one DELETE for it. Waits until all are deleted and no further droplet can appear. */
  async destroyAll(ctx: Ctx, ids: readonly string[], { recentlyCreated, createUnconfirmed }: RemovalUncertainty): Promise<StepAnswer> {
    let pending: StepAnswer | undefined;
    for (const id of ids) pending = (await this.destroyOne(ctx, id, recentlyCreated)) ?? pending;
    if (pending) return pending;
    return createUnconfirmed ? wait(this.config.saga.pollMs, CREATE_REASON) : done();
  }

  /** Undefined once the droplet is deleted. */
  private async destroyOne(ctx: Ctx, id: string, recentlyCreated: boolean): Promise<StepAnswer | undefined> {
    const accepted = (ctx.intent?.deleted ?? []) as readonly string[];
    const droplet = await this.droplets.get(id, ctx.signal);
    if (!droplet && (accepted.includes(id) || !recentlyCreated)) return undefined;
    await ctx.guard();
    const outcome = await outcomeOf(this.droplets.destroy(id, ctx.signal));
    if (outcome.is === 'refused') return outcome.answer;
    if (outcome.is === 'not_found' && !recentlyCreated) return undefined;
    if (outcome.is === 'done' && !accepted.includes(id)) await ctx.recordIntent({ ...ctx.intent, deleted: [...accepted, id] });
    return wait(this.config.saga.pollMs, `waiting for droplet ${id} to be deleted`);
  }
}

/**
 * Creates one droplet. The intent is recorded before the create is sent. When the answer of a create is lost, the step looks for the full
 * saga id until the lag bound has passed, before it sends another create. [SAG-5]
 */
@Injectable()
export class CreateDropletStep implements StepDefinition<ProvisionDropletInput> {
  readonly name = 'create_droplet';
  readonly policy = { tries: 10, waitLimitMs: 1_800_000 };

  constructor(
    private readonly droplets: DropletCalls,
    private readonly removal: DropletRemoval,
    private readonly inventory: ResourceRegistrar,
    private readonly catalog: Catalog,
    private readonly provider: BoundProvider,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  readonly execute = async (ctx: Ctx): Promise<StepAnswer> => {
    const before = ctx.intent as CreateIntent | null;
    const refusal = await this.checkCatalog(ctx, before);
    if (refusal) return refusal;
    // After a restore from backup the ledger may lack a create that did happen, so look for the droplet even without a recorded intent.
    const [first] = before || ctx.restored ? await this.listCreated(ctx) : [];
    if (first) return adopted(first);
    if (!before && ctx.restored && ctx.sinceBegunMs < this.config.provider.lagMs)
      return wait(this.config.saga.pollMs, 'waiting for a droplet that was created after the backup to appear');
    if (before && !before.ruledOut) {
      const leftMs = before.sentAtMs + this.config.provider.lagMs - ctx.sinceBegunMs;
      if (leftMs > 0) return wait(Math.min(leftMs, this.config.saga.pollMs), CREATE_REASON);
      if (before.create >= CREATE_LIMIT) return fail({ code: 'create_unanswered', detail: `${CREATE_LIMIT} creates had no known outcome` });
    }
    return this.create(ctx, (before?.create ?? 0) + (before?.ruledOut ? 0 : 1));
  };

  readonly compensate = async (ctx: Ctx): Promise<StepAnswer> => {
    const intent = ctx.intent as CreateIntent | null;
    if (!intent && !ctx.restored) return done();
    const known = (ctx.context[this.name] as { droplet_id?: string } | undefined)?.droplet_id;
    const recentlyCreated = intent !== null && !intent.ruledOut && ctx.sinceBegunMs < intent.sentAtMs + this.config.provider.lagMs;
    const listed = (await this.listCreated(ctx)).map(({ id }) => id);
    const ids = [...new Set([...(known ? [known] : []), ...listed])];
    if (ctx.restored) {
      const present = (await Promise.all(ids.map(async (id) => ((await this.droplets.get(id, ctx.signal)) ? [id] : [])))).flat();
      if (present.length > 0) return leftAfterRestore(`droplet ${present.join(', ')}`);
    }
    const answer = await this.removal.destroyAll(ctx, ids, { recentlyCreated, createUnconfirmed: recentlyCreated && known === undefined });
    if (answer.is === 'done') for (const id of ids) await this.inventory.markDeleted('droplet', id, ctx.sagaId);
    return answer;
  };

  /** Checks the order where the start could not, because no copy of the catalog was stored. */
  private async checkCatalog({ input }: Ctx, before: CreateIntent | null): Promise<StepAnswer | undefined> {
    if (before) return undefined;
    const order = { sizeSlug: input.size_slug, region: input.region, image: input.image };
    let problems = await this.catalog.problemsOf(order);
    if (!problems) {
      const { purpose, fingerprint } = await this.provider.token('provisioning');
      if (await this.catalog.refreshIfOlderThan(DAY_MS, purpose, fingerprint)) problems = await this.catalog.problemsOf(order);
    }
    if (!problems) return wait(this.config.saga.pollMs, 'waiting for the size catalog to refresh');
    const [problem] = problems;
    return problem && fail({ code: 'not_in_catalogue', detail: problem.detail }, 'none');
  }

  private async create(ctx: Ctx, create: number): Promise<StepAnswer> {
    const intent: CreateIntent = { sentAtMs: ctx.sinceBegunMs, create, ruledOut: false };
    await ctx.recordIntent({ ...intent });
    const outcome = await outcomeOf(this.droplets.create(orderFor(ctx), ctx.signal));
    if (outcome.is === 'done') return created(outcome.value.id, outcome.value.actionId);
    if (outcome.is === 'unknown') {
      await ctx.recordIntent({ ...intent, sentAtMs: ctx.sinceBegunMs }); // the lag counts from the end of the unanswered call
      return wait(this.config.saga.pollMs, CREATE_REASON);
    }
    await ctx.recordIntent({ ...intent, ruledOut: true });
    return outcome.is === 'not_found' ? fail(outcome.error, 'none') : outcome.answer;
  }

  /** Lists the droplets that carry this saga's id and are not older than it, oldest first, so that every worker picks the same one. */
  private async listCreated(ctx: Ctx): Promise<Droplet[]> {
    const tag = sagaTag(ctx.sagaId);
    const found = await (isGpuSize(ctx.input.size_slug)
      ? this.droplets.listGpusByTag(tag, ctx.signal)
      : this.droplets.listByTag(tag, ctx.signal));
    const own = found.filter(({ createdAt }) => isCreatedSince(createdAt, ctx.createdAtMs));
    return own.sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1));
  }
}

const created = (dropletId: string, actionId: string | null): StepAnswer =>
  done({ droplet_id: dropletId, ...(actionId && { action_id: actionId }) }, [`droplet:${dropletId}`]);

const adopted = ({ id }: Droplet): StepAnswer => done({ droplet_id: id, adopted: true }, [`droplet:${id}`]);

function orderFor({ sagaId, input }: Ctx): DropletOrder {
  const { name, size_slug: size, region, image, ssh_keys, backups, vpc_uuid, user_data, tags = [] } = input;
  return {
    name,
    size,
    region,
    image: /^\d+$/.test(image) ? Number(image) : image,
    tags: [MANAGED_TAG, sagaTag(sagaId), ...tags],
    ...(ssh_keys && { ssh_keys: ssh_keys.map((key) => (/^\d+$/.test(key) ? Number(key) : key)) }),
    ...(backups !== undefined && { backups }),
    ...(vpc_uuid !== undefined && { vpc_uuid }),
    ...(user_data !== undefined && { user_data }),
  };
}
