import { CONFIG, type Config } from '#libs/config';
import { ResourceRegistrar } from '#libs/inventory';
import { done, wait, type StepAnswer, type StepContext, type StepDefinition, type StepKey } from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { DestructionGuard } from '../protection/destruction-guard';
import { ProductCalls, type Product, type ProductKind } from '../provider/product-calls';
import { firewallName, isCreatedSince, sagaTag } from '../provider/tag-calls';
import { leftAfterRestore } from '../provisioning.errors';
import type { AcceptedProduct } from './product.input';
import { companionsOf, PRODUCT_NAMES, productHold, ProductRunner } from './product-runner';

/** The step fails after three creates with an unknown outcome. */
const CREATE_LIMIT = { sends: 3, error: { code: 'create_unanswered', detail: '3 creates had no known outcome' } };
const CREATE_REASON = 'waiting for an unconfirmed create to take effect';

/** The intent of a create, recorded before the create is sent. */
type CreateIntent = {
  /** When the last create was sent, ms since the step began. */
  readonly sentAtMs: number;
  /** The number of creates, from 1. Creates that the provider refused do not count. */
  readonly create: number;
  readonly ruledOut: boolean;
  /** The ids of the objects of which the provider has accepted the DELETE of a compensation. */
  readonly deleted?: readonly string[];
};

/** `adopted`: found after a create without an answer. */
type CreatedProduct = { readonly provider_id: string; readonly adopted?: true };

export const CREATE_VOLUME: StepKey<CreatedProduct> = { name: 'create_volume' };
export const CREATE_FIREWALL: StepKey<CreatedProduct> = { name: 'create_firewall' };

type Ctx = StepContext<AcceptedProduct, CreateIntent, CreatedProduct>;

/**
 * Base of the steps that create one object which carries the full id of its saga. The intent is recorded before the create is sent. When its
 * answer is lost, the step searches for the mark until the lag bound has passed, before it sends another create. [SAG-5]
 */
@Injectable()
abstract class CreateProductStep implements StepDefinition<AcceptedProduct, CreateIntent, CreatedProduct> {
  abstract readonly name: string;
  readonly policy = { tries: 10, waitLimitMs: 1_800_000 };
  protected abstract readonly kind: ProductKind;

  constructor(
    private readonly products: ProductCalls,
    private readonly runner: ProductRunner,
    private readonly inventory: ResourceRegistrar,
    private readonly guard: DestructionGuard,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  protected abstract order(ctx: Ctx): Readonly<Record<string, unknown>>;
  /** Narrows the list in which the object would be. */
  protected abstract filter(input: AcceptedProduct): Readonly<Record<string, string>>;
  protected abstract isMarked(product: Product, sagaId: string): boolean;

  readonly outline = () => ({ does: `Creates the ${PRODUCT_NAMES[this.kind]}`, undo: 'Deletes it', calls: { min: 1, typical: 1 } });

  readonly execute = async (ctx: Ctx): Promise<StepAnswer<CreatedProduct>> => {
    const unconfirmed = wait(this.config.saga.pollMs, CREATE_REASON);
    const holds = (id: string) => [productHold(this.kind, id)];
    return ctx.effect(`create ${this.kind}`, {
      find: async () => {
        const [first] = await this.listCreated(ctx);
        return first && done({ provider_id: first.id, adopted: true }, holds(first.id));
      },
      // After a restore from backup the ledger may lack a create that did happen, so the search also runs without a recorded intent.
      unrecorded: ctx.restored ? 'late' : undefined,
      intent: {},
      fields: { sentAtMs: 'sentAtMs', sends: 'create', ruledOut: 'ruledOut' },
      lagMs: this.config.provider.lagMs,
      sendLimit: CREATE_LIMIT,
      send: async () => {
        await this.guard.assertSameOwner(ctx, undefined, companionsOf(ctx.input));
        return this.products.create(this.kind, this.order(ctx), ctx.signal);
      },
      pending: unconfirmed,
      answered: ({ id }) => done({ provider_id: id }, holds(id)),
    });
  };

  readonly compensate = async (ctx: Ctx): Promise<StepAnswer<CreatedProduct>> => {
    const { intent } = ctx;
    if (!intent && !ctx.restored) return done();
    const isFresh = intent !== null && !intent.ruledOut && ctx.sinceBegunMs < intent.sentAtMs + this.config.provider.lagMs;
    const known = ctx.output?.provider_id;
    const listed = (await this.listCreated(ctx)).map(({ id }) => id);
    const ids = [...new Set([...(known === undefined ? [] : [known]), ...listed])];
    if (ctx.restored && listed.length > 0) return leftAfterRestore(`${PRODUCT_NAMES[this.kind]} ${listed.join(', ')}`);
    for (const id of ids) {
      const answer = await this.delete(ctx, id, isFresh);
      if (answer.is !== 'done') return answer;
    }
    if (isFresh && known === undefined) return wait(this.config.saga.pollMs, CREATE_REASON);
    for (const id of ids) await this.inventory.markDeleted(this.kind, id, ctx.sagaId);
    return done();
  };

  /** A 404 of a new object may mean "not yet", unless the provider has accepted a DELETE of it. */
  private delete(ctx: Ctx, id: string, isFresh: boolean): Promise<StepAnswer<CreatedProduct>> {
    const accepted = ctx.intent?.deleted ?? [];
    const deleting = wait(this.config.saga.pollMs, `waiting for ${PRODUCT_NAMES[this.kind]} ${id} to be deleted`);
    return ctx.effect(`delete ${this.kind}`, {
      find: async () => {
        const isPresent = (await this.products.get(this.kind, id, ctx.signal)) !== undefined;
        return isPresent || (isFresh && !accepted.includes(id)) ? undefined : done();
      },
      send: () => this.products.delete(this.kind, id, ctx.signal),
      pending: deleting,
      answered: async () => {
        if (ctx.intent && !accepted.includes(id)) await ctx.recordIntent({ ...ctx.intent, deleted: [...accepted, id] });
        return deleting;
      },
      refused: (error) => {
        if (error.category === 'not_found') return isFresh ? deleting : done();
        return this.runner.answerRefusal(error, { kind: this.kind, id, signal: ctx.signal });
      },
    });
  }

  /** Lists the objects that carry this saga's id and are not older than it, in a fixed order, so that every worker picks the same one. */
  private async listCreated(ctx: Ctx): Promise<Product[]> {
    const found = await this.products.list(this.kind, this.filter(ctx.input), ctx.signal);
    const own = found.filter((product) => this.isMarked(product, ctx.sagaId) && isCreatedSince(product.createdAt, ctx.createdAtMs));
    return own.sort((a, b) => (`${a.createdAt}${a.id}` < `${b.createdAt}${b.id}` ? -1 : 1));
  }
}

/** Creates a volume with the tag of its saga. The name of a volume is unique in its region, so the provider refuses a second one. */
@Injectable()
export class CreateVolumeStep extends CreateProductStep {
  readonly name = CREATE_VOLUME.name;
  protected readonly kind = 'volume';

  protected order({ input: { name, region, size_gib, filesystem_type }, sagaId }: Ctx) {
    return { name, region, size_gigabytes: size_gib, tags: [sagaTag(sagaId)], ...(filesystem_type && { filesystem_type }) };
  }
  protected filter({ name = '', region = '' }: AcceptedProduct) {
    return { name, region };
  }
  protected isMarked({ tags }: Product, sagaId: string): boolean {
    return tags.includes(sagaTag(sagaId));
  }
}

/**
 * Creates a firewall under a name that contains the id of its saga; a later step gives it its own name. The tags of a firewall are no mark: they
 * name the droplets that it protects.
 */
@Injectable()
export class CreateFirewallStep extends CreateProductStep {
  readonly name = CREATE_FIREWALL.name;
  protected readonly kind = 'firewall';

  protected order({ input: { inbound_rules, outbound_rules, droplet_ids = [] }, sagaId }: Ctx) {
    return { name: firewallName(sagaId), inbound_rules, outbound_rules, droplet_ids: droplet_ids.map(Number) };
  }
  protected filter() {
    return {};
  }
  protected isMarked({ name }: Product, sagaId: string): boolean {
    return name === firewallName(sagaId);
  }
}
