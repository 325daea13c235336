import { Catalog } from '#libs/catalog';
import { CONFIG, type Config } from '#libs/config';
import { BoundProvider, ResourceRegistrar } from '#libs/inventory';
import { done, fail, wait, type StepAnswer, type StepContext, type StepDefinition } from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { DropletCalls, isGpuSize, type DropletOrder } from '../provider/droplet-calls';
import type { Droplet } from '../provider/droplet';
import { madeSince } from '../provider/creation-time';
import { MANAGED_TAG, sagaTag } from '../provider/saga-tags';
import { outcomeOf } from '../provider/write-outcome';
import { DropletRemoval } from './droplet-removal';
import { leftAfterRestore } from '../restored-saga';
import type { ProvisionDropletInput } from './provision-droplet.input';

/** Creates whose outcome stayed unknown before the step gives up. */
const MOST_CREATES = 3;
const DAY_MS = 86_400_000;

/** What the ledger keeps of a create before it is sent. */
interface CreateIntent {
  /** Of the step, when the last create was sent; ms since it was begun. */
  readonly sentAtMs: number;
  /** From 1; those that the provider refused do not count. */
  readonly create: number;
  /** The provider said that it did not do it. */
  readonly ruledOut: boolean;
}

/**
 * Makes a droplet, once (SAG-5): the intent is recorded before the create is sent, and a create whose answer is lost is looked for by the full
 * id of the saga until the lag bound has passed, before another is sent.
 */
@Injectable()
export class CreateDropletStep implements StepDefinition<ProvisionDropletInput> {
  readonly name = 'create_droplet';
  readonly policy = { tries: 10, waitLimitMs: 1_800_000 };

  constructor(
    private readonly droplets: DropletCalls,
    private readonly removal: DropletRemoval,
    private readonly inventory: ResourceRegistrar,
    private readonly catalogue: Catalog,
    private readonly provider: BoundProvider,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  readonly execute = async (ctx: StepContext<ProvisionDropletInput>): Promise<StepAnswer> => {
    const before = ctx.intent as CreateIntent | null;
    const refusal = await this.refusal(ctx, before);
    if (refusal) return refusal;
    // One that was restored from a backup may have made it after the backup; a list may lag behind that.
    const [first] = before || ctx.restored ? await this.made(ctx) : [];
    if (first) return adopted(first);
    if (!before && ctx.restored && ctx.sinceBegunMs < this.config.provider.lagMs)
      return wait(this.config.saga.pollMs, 'whether it was made after the backup');
    if (before && !before.ruledOut) {
      const leftMs = before.sentAtMs + this.config.provider.lagMs - ctx.sinceBegunMs;
      if (leftMs > 0) return wait(Math.min(leftMs, this.config.saga.pollMs), 'whether the create took effect');
      if (before.create >= MOST_CREATES) return fail({ code: 'create_unanswered', detail: `${MOST_CREATES} creates had no known outcome` });
    }
    return this.create(ctx, (before?.create ?? 0) + (before?.ruledOut ? 0 : 1));
  };

  readonly compensate = async (ctx: StepContext<ProvisionDropletInput>): Promise<StepAnswer> => {
    const intent = ctx.intent as CreateIntent | null;
    if (!intent && !ctx.restored) return done();
    const known = (ctx.context[this.name] as { droplet_id?: string } | undefined)?.droplet_id;
    const recentlyCreated = intent !== null && !intent.ruledOut && ctx.sinceBegunMs < intent.sentAtMs + this.config.provider.lagMs;
    const listed = (await this.made(ctx)).map(({ id }) => id);
    const ids = [...new Set([...(known ? [known] : []), ...listed])];
    if (ctx.restored) {
      const alive = await Promise.all(ids.map(async (id) => ((await this.droplets.get(id, ctx.signal)) ? [id] : [])));
      if (alive.flat().length > 0) return leftAfterRestore(`droplet ${alive.flat().join(', ')}`);
    }
    const answer = await this.removal.remove(ctx, ids, { recentlyCreated, createUnconfirmed: recentlyCreated && known === undefined });
    if (answer.is === 'done') for (const id of ids) await this.inventory.markDeleted('droplet', id, ctx.sagaId);
    return answer;
  };

  /** Where there was no copy of the catalogue to judge the order by, it is judged here. */
  private async refusal({ input }: StepContext<ProvisionDropletInput>, before: CreateIntent | null): Promise<StepAnswer | undefined> {
    if (before) return undefined;
    const order = { sizeSlug: input.size_slug, region: input.region, image: input.image };
    let problems = await this.catalogue.problemsOf(order);
    if (!problems) {
      const { purpose, fingerprint } = await this.provider.token('provisioning');
      if (await this.catalogue.refreshIfOlderThan(DAY_MS, purpose, fingerprint)) problems = await this.catalogue.problemsOf(order);
    }
    if (!problems) return wait(this.config.saga.pollMs, 'the catalogue being read');
    const [problem] = problems;
    return problem && fail({ code: 'not_in_catalogue', detail: problem.detail }, 'none');
  }

  private async create(ctx: StepContext<ProvisionDropletInput>, create: number): Promise<StepAnswer> {
    const intent: CreateIntent = { sentAtMs: ctx.sinceBegunMs, create, ruledOut: false };
    await ctx.recordIntent({ ...intent });
    const outcome = await outcomeOf(this.droplets.create(orderOf(ctx), ctx.signal));
    if (outcome.is === 'done') return made(outcome.value.id, outcome.value.actionId);
    if (outcome.is === 'unknown') {
      await ctx.recordIntent({ ...intent, sentAtMs: ctx.sinceBegunMs }); // the lag counts from when nobody answered any more
      return wait(this.config.saga.pollMs, 'whether the create took effect');
    }
    await ctx.recordIntent({ ...intent, ruledOut: true });
    return outcome.is === 'gone' ? fail(outcome.error, 'none') : outcome.answer;
  }

  /** What carries this saga's id and is no older than it, oldest first: every worker that looks picks the same one. */
  private async made(ctx: StepContext<ProvisionDropletInput>): Promise<Droplet[]> {
    const tag = sagaTag(ctx.sagaId);
    const found = await (isGpuSize(ctx.input.size_slug)
      ? this.droplets.taggedGpus(tag, ctx.signal)
      : this.droplets.tagged(tag, ctx.signal));
    const own = found.filter(({ createdAt }) => madeSince(createdAt, ctx.createdAtMs));
    return own.sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1));
  }
}

const made = (dropletId: string, actionId: string | null): StepAnswer =>
  done({ droplet_id: dropletId, ...(actionId && { action_id: actionId }) }, [`droplet:${dropletId}`]);

const adopted = ({ id }: Droplet): StepAnswer => done({ droplet_id: id, adopted: true }, [`droplet:${id}`]);

function orderOf({ sagaId, input }: StepContext<ProvisionDropletInput>): DropletOrder {
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
