import type { MonthlyTerms } from './rate-model';
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
}

export interface ChosenRate {
  readonly rate: Rate;
  /** `override:resource`, `override:tenant`, or the card with its version. */
  readonly layer: string;
}

/** Chooses rates for one tenant. Remembers its choices, because nearly all lines of a month are alike. */
export class RateChooser {
  private readonly known = new Map<string, ChosenRate | undefined>();
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
    if (exact) return { rate: exact, layer: 'override:resource' };
    const key = JSON.stringify(subject);
    if (!this.known.has(key)) this.known.set(key, this.inLayers(subject));
    return this.known.get(key);
  }

  private inLayers(subject: RateSubject): ChosenRate | undefined {
    for (const { name, rates } of this.layers) {
      const rate = chooseRate([rates], subject);
      if (rate) return { rate, layer: name };
    }
    return undefined;
  }
}

/** The terms of a tenant's month: those of its own card, else of the default card. */
export const termsOf = (plan: PricePlan, tenantId: string): MonthlyTerms | undefined =>
  (plan.cards.get(tenantId) ?? plan.standard)?.monthly;
