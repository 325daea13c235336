import type { MonthlyTerms } from './rate-model';
import type { RateExplanation } from './rated-lines';
import { chooseRate, type Rate, type RateSubject } from './selector';

/** The version of a card that counts in a month. */
export interface CardInForce {
  readonly cardId: string;
  readonly name: string;
  readonly version: number;
  readonly digest: string;
  readonly monthly: MonthlyTerms;
  readonly rates: readonly Rate[];
}

/** Everything that decides the prices of a month. */
export interface PricePlan {
  readonly standard: CardInForce | null;
  /** The cards of tenants that have one of their own. */
  readonly cards: ReadonlyMap<string, CardInForce>;
  readonly tenantOverrides: ReadonlyMap<string, readonly Rate[]>;
  readonly resourceOverrides: ReadonlyMap<string, readonly Rate[]>;
  /** Tenants that were closed in all of the month. They have no monthly terms; lines that they still have keep their prices. */
  readonly closed: ReadonlySet<string>;
}

/** A rate in its layer. Equal choices are the same object, by which lines are grouped to be priced together. */
export interface ChosenRate {
  readonly rate: Rate;
  readonly explanation: RateExplanation;
}

/** Chooses rates for one tenant. Remembers its choices, because nearly all lines of a month are alike. */
export class RateChooser {
  private readonly known = new Map<string, ChosenRate | undefined>();
  private readonly chosen = new Map<string, ChosenRate>();
  private readonly layers: readonly { readonly name: string; readonly rates: readonly Rate[] }[];

  constructor(
    private readonly plan: PricePlan,
    tenantId: string,
  ) {
    const cards = [plan.cards.get(tenantId), plan.standard].flatMap((card) => card ?? []);
    this.layers = [
      { name: 'override:tenant', rates: plan.tenantOverrides.get(tenantId) ?? [] },
      ...cards.map(({ name, version, rates }) => ({ name: `${name}, version ${version}`, rates })),
    ];
  }

  choose(subject: RateSubject, resourceId: string | null): ChosenRate | undefined {
    const own = resourceId === null ? undefined : this.plan.resourceOverrides.get(resourceId);
    const exact = own && chooseRate([own], subject);
    if (exact) return this.one(exact, 'override:resource');
    const { product, kind, sku, region, project_id, tags } = subject;
    const key = [product, kind, sku, region, project_id, ...tags].join('\0');
    if (!this.known.has(key)) this.known.set(key, this.inLayers(subject));
    return this.known.get(key);
  }

  private one(rate: Rate, layer: string): ChosenRate {
    const key = `${layer}/${rate.id}`;
    const known = this.chosen.get(key) ?? { rate, explanation: { layer, id: rate.id, model: rate.model.type } };
    this.chosen.set(key, known);
    return known;
  }

  private inLayers(subject: RateSubject): ChosenRate | undefined {
    for (const { name, rates } of this.layers) {
      const rate = chooseRate([rates], subject);
      if (rate) return this.one(rate, name);
    }
    return undefined;
  }
}

/** The terms of a tenant's month: those of its own card, else of the default card. None for a closed tenant. */
export const termsOf = (plan: PricePlan, tenantId: string): MonthlyTerms | undefined =>
  plan.closed.has(tenantId) ? undefined : (plan.cards.get(tenantId) ?? plan.standard)?.monthly;
