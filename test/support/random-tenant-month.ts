import { Money } from '../../libs/kernel/src/money';
import type { CardInForce, PricePlan } from '../../libs/features/tenant-billing/src/pricing/price-plan';
import { PASS_THROUGH, type MonthlyTerms, type RateModel, type Tier } from '../../libs/features/tenant-billing/src/pricing/rate-model';
import type { Rate, Selector } from '../../libs/features/tenant-billing/src/pricing/selector';
import type { SharedPart } from '../../libs/features/tenant-billing/src/rating/rate-tenant';
import type { PieceRow } from '../../libs/features/tenant-billing/src/rating/stage.sql';
import type { SeededRandom } from './seeded-random';

export const MONTH_S = 30 * 86_400;
export const TENANT = 'acme';
const KINDS = ['droplet', 'volume'];
const SIZES = ['s-1vcpu-1gb', 's-2vcpu-2gb', 'm-2vcpu-16gb'];
const RESOURCES = ['res-1', 'res-2', 'res-3'];

const decimals = (cents: number): string =>
  `${cents < 0 ? '-' : ''}${Math.floor(Math.abs(cents) / 100)}.${String(Math.abs(cents) % 100).padStart(2, '0')}`;
/** What one tenant has in a month, and at which prices. */
export interface Month {
  readonly pieces: readonly PieceRow[];
  readonly shares: readonly SharedPart[];
  readonly plan: PricePlan;
}

function randomModel(random: SeededRandom): RateModel {
  const price = (most: number) => decimals(random.below(most));
  const tiers = (): Tier[] => [
    { up_to: String(1 + random.below(300)), per_unit: price(20), flat: price(200) },
    { up_to: '700', per_unit: price(20), flat: price(200) },
    { up_to: null, per_unit: price(20), flat: price(200) },
  ];
  const scope = random.pick(['tenant', 'resource'] as const);
  return random.pick<() => RateModel>([
    () => ({ type: 'free' }),
    () => ({
      type: 'cost_plus',
      percent: price(9_000),
      fixed_per_resource_month: price(300),
      min_margin: random.chance(0.4) ? price(50) : null,
      max_margin: random.chance(0.4) ? decimals(50 + random.below(500)) : null,
    }),
    () => ({ type: 'fixed_per_sku', price: price(5_000), unit: 'month', proration: random.pick(['none', 'day'] as const) }),
    () => ({ type: 'fixed_per_sku', price: price(50), unit: 'hour', proration: 'none' }),
    () => ({ type: 'graduated', scope, tiers: tiers() }),
    () => ({ type: 'volume', scope, tiers: tiers() }),
    () => ({ type: 'package', size: String(1 + random.below(200)), price: price(900), free: String(random.below(100)) }),
    () => ({ type: 'free_allowance', amount: price(4_000), per: scope }),
  ])();
}

function randomRate(random: SeededRandom, nth: number): Rate {
  const selector: Selector = {
    ...(random.chance(0.5) && { kind: random.pick(KINDS) }),
    ...(random.chance(0.4) && { sku: random.pick(['s-*', '*-2gb', 'm-2vcpu-16gb']) }),
    ...(random.chance(0.2) && { region: 'fra1' }),
    ...(random.chance(0.2) && { tag: 'rate:gold' }),
  };
  return { id: `rate-${nth}`, selector, model: randomModel(random), priority: random.below(2) };
}

export function randomMonth(random: SeededRandom): Month {
  const optional = (most: number) => (random.chance(0.3) ? decimals(random.below(most)) : null);
  const terms = (): MonthlyTerms => ({
    discount_percent: random.chance(0.3) ? String(random.below(101)) : null,
    minimum_commitment: optional(20_000),
    maximum_spend: optional(60_000),
    recurring_fee: optional(3_000),
  });
  const card = (name: string, rates: readonly Rate[]): CardInForce => ({
    cardId: name,
    name,
    version: 1,
    digest: '',
    monthly: terms(),
    rates,
  });
  const rates = (from: number) => Array.from({ length: random.below(4) }, (_, nth) => randomRate(random, from + nth));
  const standard = card('standard', [
    ...rates(0),
    { id: 'rate-9', selector: {}, model: random.chance(0.5) ? PASS_THROUGH : randomModel(random), priority: 0 },
  ]);
  const plan: PricePlan = {
    closed: new Set(),
    standard,
    cards: new Map(random.chance(0.6) ? [[TENANT, card('own', rates(10))]] : []),
    tenantOverrides: new Map(random.chance(0.3) ? [[TENANT, rates(20)]] : []),
    resourceOverrides: new Map(random.chance(0.3) ? [['res-1', [{ ...randomRate(random, 30), selector: {} }]]] : []),
  };
  const pieces = Array.from({ length: random.below(12) }, (): PieceRow => {
    const isSplit = random.chance(0.3);
    const seconds = 1 + random.below(MONTH_S);
    return {
      product: 'Droplets',
      kind: random.pick(KINDS),
      resource_id: random.chance(0.8) ? random.pick(RESOURCES) : null,
      region: random.pick(['fra1', 'nyc3']),
      project_id: null,
      sku: random.chance(0.8) ? random.pick(SIZES) : null,
      tags: random.chance(0.3) ? ['rate:gold', 'web'] : ['web'],
      hours: random.chance(0.8) ? String(random.below(700)) : null,
      amount: decimals(random.below(6_000) - 600),
      weight: String(isSplit ? seconds * 1_000_000 : 1),
      of_weight: String(isSplit ? MONTH_S * 1_000_000 : 1),
      line_s: isSplit ? MONTH_S : seconds,
      tenant: TENANT,
      pool: null,
    };
  });
  const shares = random.chance(0.3)
    ? [
        {
          tenantId: TENANT,
          amount: Money.parse(decimals(random.below(900))),
          weight: '1',
          of: '3',
          pool: 'support',
          method: 'even',
          poolAmount: '9',
        } as const,
      ]
    : [];
  return { pieces, shares, plan };
}
