import { Money } from '#libs/kernel';
import type { Bucket } from './rated-lines';

/** Amounts of the provider that belong to no single tenant. */
export const POOLS = ['account_wide', 'support', 'unattributed', 'provider_tax', 'provider_credits'] as const;
export type PoolName = (typeof POOLS)[number];

/**
 * How a pool is split. `keep`: it stays in the pool's own bucket. `house`: the issuer keeps it. Tenants with direct lines share it `even`ly or in
 * `proportion` to their direct net; the tenants that the weights name share it `weighted`.
 */
export const POOL_METHODS = ['keep', 'house', 'even', 'weighted', 'proportional'] as const;
export type PoolMethod = (typeof POOL_METHODS)[number];

/** The bucket of what no tenant gets. Account-wide lines and support are the issuer's own cost. */
export const KEPT_BUCKET: Readonly<Record<PoolName, Exclude<Bucket, 'tenant_direct' | 'tenant_shared' | 'terms'>>> = {
  account_wide: 'house',
  support: 'house',
  unattributed: 'unattributed',
  provider_tax: 'tax_kept',
  provider_credits: 'credits_kept',
};

export interface PoolRule {
  readonly method: PoolMethod;
  readonly weights: Readonly<Record<string, number>>;
}

export const KEPT: PoolRule = { method: 'keep', weights: {} };

/** A tenant's part of a pool. */
export interface PoolShare {
  readonly tenantId: string;
  readonly amount: Money;
  readonly weight: string;
  readonly of: string;
}

/** Digits after the decimal point that weights by amounts have. */
const WEIGHT_PLACES = 10;

/**
 * The parts of tenants in a pool, in the order of their ids; they add up to the amount. Empty when the pool is kept, or when no tenant can get a
 * part: then the caller leaves the whole amount in the pool's bucket. Tenants with a direct net below zero weigh nothing. Pure.
 */
export function splitPool(total: Money, { method, weights }: PoolRule, directNets: ReadonlyMap<string, Money>): PoolShare[] {
  const parts = [...weightsOf(method, weights, directNets)].filter(([, weight]) => weight > 0n).sort(([a], [b]) => (a < b ? -1 : 1));
  const sum = parts.reduce((all, [, weight]) => all + weight, 0n);
  if (sum === 0n) return [];
  const amounts = total.allocate(parts.map(([, weight]) => weight));
  return parts.map(([tenantId, weight], at) => ({
    tenantId,
    amount: amounts[at] ?? Money.parse('0'),
    weight: String(weight),
    of: String(sum),
  }));
}

function weightsOf(
  method: PoolMethod,
  weights: Readonly<Record<string, number>>,
  directNets: ReadonlyMap<string, Money>,
): ReadonlyMap<string, bigint> {
  switch (method) {
    case 'keep':
    case 'house':
      return new Map();
    case 'even':
      return new Map([...directNets.keys()].map((tenant) => [tenant, 1n]));
    case 'weighted':
      return new Map(Object.entries(weights).map(([tenant, weight]) => [tenant, BigInt(weight)]));
    default:
      return new Map([...directNets].map(([tenant, net]) => [tenant, net.isNegative() ? 0n : net.toUnits(WEIGHT_PLACES)]));
  }
}
