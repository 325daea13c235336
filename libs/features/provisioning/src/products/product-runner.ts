import { CONFIG, type Config } from '#libs/config';
import { ResourceRegistrar } from '#libs/inventory';
import { canonicalJson, type DomainError, type Json } from '#libs/kernel';
import { done, fail, retry, skipped, underWay, wait, type StepAnswer, type StepContext, type TrackedWrite } from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { answerGuard, DestructionGuard } from '../protection/destruction-guard';
import { NO_BACKUPS, ProductCalls, requestsFor, type Product, type ProductKind } from '../provider/product-calls';
import { DropletCalls } from '../provider/droplet-calls';
import { stepErrorOf } from '../provisioning.errors';
import type { AcceptedProduct } from './product.input';

type Values = Readonly<Record<string, unknown>>;

/** The intent of a change, recorded before it is sent. */
export type ChangeIntent = {
  /** The values that the step gives the object, and those that they had before. */
  readonly sets?: Values;
  readonly before?: Values;
  /** True once a compensation has begun to restore `before`. */
  readonly undoing?: boolean;
  /** When the change was sent, or an action of the object was last seen in progress; ms since the step began. */
  readonly askedAtMs?: number;
  readonly ruledOut?: boolean;
};

/** The values that an object should have. `dropletId`: a droplet that takes part, and may be busy itself. */
export interface ProductGoal {
  readonly kind: ProductKind;
  readonly id: string;
  readonly sets: Values;
  readonly live?: Product;
  readonly dropletId?: string;
  readonly undoing?: boolean;
}

/** The hold of a saga on an object: no other saga may change it meanwhile. A backup policy belongs to its droplet. */
export const productHold = (kind: ProductKind, id: string): string => `${kind === 'backup_policy' ? 'droplet' : kind}:${id}`;

/** The object that a hold of `productHold` names; undefined for droplets and for any other hold. */
export function productOf(hold: string): { readonly kind: 'volume' | 'floating_ip' | 'firewall'; readonly id: string } | undefined {
  const [, kind, id] = /^(volume|floating_ip|firewall):(.+)$/.exec(hold) ?? [];
  return kind !== undefined && id !== undefined ? { kind: kind as 'volume' | 'floating_ip' | 'firewall', id } : undefined;
}

/** Our ids of the droplets that take part in a saga on another object. */
export const companionsOf = ({ droplet_resource_id, attach_to, droplet_resource_ids = [] }: AcceptedProduct): string[] =>
  [droplet_resource_id, attach_to, ...droplet_resource_ids].filter((id) => id !== undefined);

/** Whether values have all wanted ones. A missing tag or droplet is false. Pure. */
export const hasValues = (values: Values, wanted: Values): boolean =>
  Object.entries(wanted).every(([field, value]) => canonicalJson((values[field] ?? false) as Json) === canonicalJson(value as Json));

/** What an object is called in reasons and sentences. */
export const PRODUCT_NAMES: Readonly<Record<ProductKind, string>> = {
  droplet: 'droplet',
  backup_policy: 'droplet',
  volume: 'volume',
  floating_ip: 'reserved IP',
  firewall: 'firewall',
  snapshot: 'snapshot',
};

/** Fails a step because its object does not exist at the provider. */
export const productMissing = (kind: ProductKind, id: string): StepAnswer<never> =>
  fail(
    { code: `${kind === 'backup_policy' ? 'droplet' : kind}_gone`, detail: `There is no ${PRODUCT_NAMES[kind]} ${id} any more` },
    'none',
  );

/**
 * Gives an object at the provider its wanted values. It reads the object before the write, and again after the action has ended, because the
 * provider completes an action before its effect is visible (docs/digitalocean-facts.md 1.7).
 */
@Injectable()
export class ProductRunner {
  constructor(
    private readonly products: ProductCalls,
    private readonly droplets: DropletCalls,
    private readonly inventory: ResourceRegistrar,
    private readonly guard: DestructionGuard,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** `keep` contains the fields of the step's own intent, which this class writes back with its own. */
  async ensure<Intent extends ChangeIntent, Output>(
    ctx: StepContext<AcceptedProduct, Intent, Output>,
    { kind, id, sets, dropletId, undoing, ...goal }: ProductGoal,
    keep: Intent,
  ): Promise<StepAnswer<Output>> {
    const { pollMs } = this.config.saga;
    const { lagMs } = this.config.provider;
    const name = `${PRODUCT_NAMES[kind]} ${id}`;
    const before = ctx.intent;
    const requested = before?.askedAtMs !== undefined && (before.undoing === true) === (undoing === true);
    const mayComeLate = before?.askedAtMs !== undefined && !requested && before.ruledOut !== true && ctx.output === undefined;
    const open = before?.askedAtMs !== undefined && before.ruledOut !== true;
    let { live } = goal;
    return ctx.effect(`change ${kind}`, {
      find: async () => {
        if (before?.askedAtMs !== undefined && (await this.products.isBusy(kind, id, ctx.signal)))
          return underWay(`waiting for the running action of ${name} to end`);
        if (mayComeLate && ctx.sinceBegunMs - (before.askedAtMs ?? 0) < lagMs)
          return wait(pollMs, `waiting for the previous change of ${name} to take effect`);
        live = (before ? undefined : live) ?? (await this.products.get(kind, id, ctx.signal));
        if (!live) return productMissing(kind, id);
        if (!hasValues(live.values, sets)) return undefined;
        return requested || undoing ? done() : skipped(`the ${name} is as wanted already`);
      },
      unrecorded: 'visible',
      intent: { ...keep, undoing: undoing === true },
      fields: { sentAtMs: 'askedAtMs', ruledOut: 'ruledOut' },
      lagMs: before?.askedAtMs !== undefined && !requested ? 0 : lagMs,
      writes: () => (live ? [writeOf(live, sets)] : []),
      instead: async () => ((await this.isBusy(kind, id, dropletId, ctx.signal)) ? wait(pollMs, BUSY_REASON) : undefined),
      send: async () => {
        if (!undoing) await this.guard.assertSameOwner(ctx, ctx.input.resource_id, companionsOf(ctx.input));
        return this.sendAll(ctx, live, sets);
      },
      pending: wait(pollMs, `waiting for the change of ${name} to take effect`),
      unanswered: wait(pollMs, `waiting for an unconfirmed change of ${name} to take effect`),
      answered: async (actionIds) => {
        await this.inventory.startedActions(ctx.sagaId, actionIds);
        return actionIds.length === 0 ? done() : wait(pollMs, `waiting for the change of ${name}`);
      },
      refused: async (error) => {
        const stopped = answerGuard(error, open);
        if (stopped) return stopped;
        if (error.category === 'not_found') return fail(stepErrorOf(error), 'none');
        return this.answerRefusal(error, { kind, id, dropletId, signal: ctx.signal });
      },
    });
  }

  /** While another action runs, the step waits. The state of an object lags behind its actions, so any other refusal is tried again a few times. */
  async answerRefusal(
    error: DomainError,
    { kind, id, dropletId, signal }: Pick<ProductGoal, 'kind' | 'id' | 'dropletId'> & { readonly signal: AbortSignal },
  ): Promise<StepAnswer<never> | undefined> {
    if (error.writeFailure?.is !== 'refused' || error.category !== 'conflict') return undefined;
    if (await this.isBusy(kind, id, dropletId, signal)) return wait(this.config.saga.pollMs, BUSY_REASON);
    return retry(stepErrorOf(error), undefined, 'none');
  }

  private async isBusy(kind: ProductKind, id: string, dropletId: string | undefined, signal: AbortSignal): Promise<boolean> {
    if (await this.products.isBusy(kind, id, signal)) return true;
    return dropletId !== undefined && (await this.droplets.isBusy(dropletId, signal));
  }

  /** Returns the ids of the started actions. */
  private async sendAll(
    { guard, signal }: Pick<StepContext, 'guard' | 'signal'>,
    live: Product | undefined,
    sets: Values,
  ): Promise<string[]> {
    const actionIds: string[] = [];
    for (const request of live ? requestsFor(live, sets) : []) {
      await guard();
      const actionId = await this.products.update(request, signal);
      if (actionId !== undefined) actionIds.push(actionId);
    }
    return actionIds;
  }
}

const BUSY_REASON = 'waiting for another action of the object to end';

/** Describes a change of values for the watch over late writes. */
function writeOf({ kind, id, values }: Product, sets: Values): TrackedWrite {
  const watched = (one: Values): Values => (kind === 'backup_policy' ? { backups: one.backups !== NO_BACKUPS } : one);
  const before = Object.fromEntries(Object.keys(sets).map((field) => [field, values[field] ?? false]));
  return { target: productHold(kind, id), object: '', sets: watched(sets), before: watched(before) };
}
