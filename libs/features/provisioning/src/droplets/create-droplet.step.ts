import { BoundProvider } from '#libs/accounts';
import { Catalog } from '#libs/catalog';
import { CONFIG, type Config } from '#libs/config';
import { ResourceRegistrar } from '#libs/inventory';
import type { DomainError } from '#libs/kernel';
import {
  done,
  fail,
  wait,
  type OutputCheck,
  type StepAnswer,
  type StepContext,
  type StepDefinition,
  type StepError,
  type StepKey,
} from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { Matches } from 'class-validator';
import { DropletCalls, isGpuSize, type Droplet, type DropletOrder } from '../provider/droplet-calls';
import { isCreatedSince, MANAGED_TAG, sagaTag } from '../provider/tag-calls';
import { leftAfterRestore } from '../provisioning.errors';
import { answerRefusal } from './droplet-action-runner';
import type { ProvisionDropletInput } from './droplet.input';

/** The step fails after three creates with an unknown outcome. */
const CREATE_LIMIT = { sends: 3, error: { code: 'create_unanswered', detail: '3 creates had no known outcome' } };
const DAY_MS = 86_400_000;
const CREATE_REASON = 'waiting for an unconfirmed create to take effect';

/** The intent of a create, recorded before the create is sent. */
type CreateIntent = {
  /** When the last create was sent, ms since the step began. */
  readonly sentAtMs: number;
  /** The number of creates, from 1. Creates that the provider refused do not count. */
  readonly create: number;
  /** True when the provider answered that the create did not happen. */
  readonly ruledOut: boolean;
  /** The ids of the droplets of which the provider has accepted the DELETE of a compensation. */
  readonly deleted?: readonly string[];
};

/** `adopted`: found after a create without an answer. */
type CreatedDroplet = { readonly droplet_id: string; readonly action_id?: string; readonly adopted?: true };

export const CREATE_DROPLET: StepKey<CreatedDroplet> = { name: 'create_droplet' };

/** The output as a person gives it, after a create with an outcome that stayed unknown. */
class CreatedDropletOutput {
  @Matches(/^[1-9]\d{0,19}$/)
  readonly droplet_id: string;
}

type Ctx = StepContext<ProvisionDropletInput, CreateIntent, CreatedDroplet>;

/** What is uncertain about droplets that a compensation destroys. */
export interface RemovalUncertainty {
  /** True for a new droplet: a 404 may mean "not yet", unless the provider has accepted a DELETE of it. */
  readonly recentlyCreated: boolean;
  /** True when a create has no answer, so that one more droplet may appear. */
  readonly createUnconfirmed: boolean;
}

/** Destroys droplets and waits until the provider returns 404, because droplets have survived a 204 (docs/digitalocean-facts.md 4.4). */
@Injectable()
export class DropletRemoval {
  constructor(
    private readonly droplets: DropletCalls,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Reads each droplet once and sends at most one DELETE for it. Waits until all are deleted and no further droplet can appear. */
  async destroyAll(
    ctx: Ctx,
    ids: readonly string[],
    { recentlyCreated, createUnconfirmed }: RemovalUncertainty,
  ): Promise<StepAnswer<CreatedDroplet>> {
    let open: StepAnswer<CreatedDroplet> | undefined;
    for (const id of ids) {
      const answer = await this.destroyOne(ctx, id, recentlyCreated);
      if (answer.is !== 'done') open = answer;
    }
    if (open) return open;
    return createUnconfirmed ? wait(this.config.saga.pollMs, CREATE_REASON) : done();
  }

  private destroyOne(ctx: Ctx, id: string, recentlyCreated: boolean): Promise<StepAnswer<CreatedDroplet>> {
    const accepted = ctx.intent?.deleted ?? [];
    const deleting = wait(this.config.saga.pollMs, `waiting for droplet ${id} to be deleted`);
    return ctx.effect('destroy droplet', {
      find: async () => {
        const present = (await this.droplets.get(id, ctx.signal)) !== undefined;
        return present || (recentlyCreated && !accepted.includes(id)) ? undefined : done();
      },
      send: () => this.droplets.destroy(id, ctx.signal),
      pending: deleting,
      answered: async () => {
        if (ctx.intent && !accepted.includes(id)) await ctx.recordIntent({ ...ctx.intent, deleted: [...accepted, id] });
        return deleting;
      },
      refused: (error) => {
        if (error.category === 'not_found') return recentlyCreated ? deleting : done();
        return answerRefusal(error, { droplets: this.droplets, dropletId: id, signal: ctx.signal, pollMs: this.config.saga.pollMs });
      },
    });
  }
}

/**
 * Creates one droplet. The intent is recorded before the create is sent. When the answer of a create is lost, the step searches for the full
 * saga id until the lag bound has passed, before it sends another create. [SAG-5]
 */
@Injectable()
export class CreateDropletStep implements StepDefinition<ProvisionDropletInput, CreateIntent, CreatedDroplet> {
  readonly name = CREATE_DROPLET.name;
  readonly policy = { tries: 10, waitLimitMs: 1_800_000 };
  readonly outputSchema = CreatedDropletOutput;

  constructor(
    private readonly droplets: DropletCalls,
    private readonly removal: DropletRemoval,
    private readonly inventory: ResourceRegistrar,
    private readonly catalog: Catalog,
    private readonly provider: BoundProvider,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  readonly outline = () => ({ does: 'Creates the droplet', undo: 'Destroys it', calls: { min: 1, typical: 1 } });

  readonly execute = async (ctx: Ctx): Promise<StepAnswer<CreatedDroplet>> => {
    const refusal = ctx.intent ? undefined : await this.checkCatalog(ctx);
    if (refusal) return refusal;
    const { pollMs } = this.config.saga;
    const unconfirmed = wait(pollMs, CREATE_REASON);
    return ctx.effect('create droplet', {
      find: async () => {
        const [first] = await this.listCreated(ctx);
        return first && done({ droplet_id: first.id, adopted: true }, [`droplet:${first.id}`]);
      },
      // After a restore from backup the ledger may lack a create that did happen, so look for the droplet even without a recorded intent.
      unrecorded: ctx.restored ? 'late' : undefined,
      intent: {},
      fields: { sentAtMs: 'sentAtMs', sends: 'create', ruledOut: 'ruledOut' },
      lagMs: this.config.provider.lagMs,
      sendLimit: CREATE_LIMIT,
      send: () => this.droplets.create(orderFor(ctx), ctx.signal),
      pending: ctx.intent ? unconfirmed : wait(pollMs, 'waiting for a droplet that was created after the backup to appear'),
      unanswered: unconfirmed,
      answered: ({ id, actionId }) => done({ droplet_id: id, ...(actionId && { action_id: actionId }) }, [`droplet:${id}`]),
      refused: (error) => (error.category === 'not_found' ? fail(unknownToProvider(error, ctx.input)) : undefined),
    });
  };

  readonly compensate = async (ctx: Ctx): Promise<StepAnswer<CreatedDroplet>> => {
    const { intent } = ctx;
    if (!intent && !ctx.restored) return done();
    const known = ctx.output?.droplet_id;
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

  /** Only a droplet with the tag of this saga is its own. [SAG-7] */
  readonly checkOutput = async (
    ctx: OutputCheck<ProvisionDropletInput, CreateIntent>,
    { droplet_id: id }: CreatedDroplet,
  ): Promise<StepAnswer<CreatedDroplet>> => {
    const own = await this.listCreated(ctx);
    if (own.some((droplet) => droplet.id === id)) return done({ droplet_id: id, adopted: true }, [`droplet:${id}`]);
    return fail({ code: 'not_the_effect', detail: `DigitalOcean lists no droplet ${id} with the tag ${sagaTag(ctx.sagaId)}` });
  };

  /** Checks the order where the start could not, because no copy of the catalog was stored. */
  private async checkCatalog({ input }: Ctx): Promise<StepAnswer<never> | undefined> {
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

  /** Lists the droplets that carry this saga's id and are not older than it, oldest first, so that every worker picks the same one. */
  private async listCreated(ctx: Pick<Ctx, 'sagaId' | 'input' | 'createdAtMs' | 'signal'>): Promise<Droplet[]> {
    const tag = sagaTag(ctx.sagaId);
    const found = await (isGpuSize(ctx.input.size_slug)
      ? this.droplets.listGpusByTag(tag, ctx.signal)
      : this.droplets.listByTag(tag, ctx.signal));
    const own = found.filter(({ createdAt }) => isCreatedSince(createdAt, ctx.createdAtMs));
    return own.sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1));
  }
}

/** The provider answers 404 for an order that names something which it does not have, and names no field. A network is the likeliest. */
function unknownToProvider({ code, message }: DomainError, { vpc_uuid, image, ssh_keys = [] }: ProvisionDropletInput): StepError {
  const named = { vpc_uuid, image, ...(ssh_keys.length > 0 && { ssh_keys: ssh_keys.join(', ') }) };
  const fields = Object.entries(named).flatMap(([field, value]) => (value === undefined ? [] : [`${field} ${value}`]));
  return { code, detail: `${message}. The order names ${fields.join('; ')}: check which of them exists` };
}

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
