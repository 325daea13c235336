import { POOLS } from '#libs/tenant-billing';
import { randomUUID } from 'node:crypto';
import type { SeededRandom } from '../../support/seeded-random';
import { endMs, startMs } from './rated-months';
import type { OwnedResource, ProviderInvoice, ProviderLine } from './rating-world';

const TENANTS = ['acme', 'birch', 'cedar', 'dora'];

/** Amounts in ten-thousandths, the finest that the random months have. */
export const units = (text: string): bigint => {
  const [, sign = '', whole = '0', rest = ''] = /^(-?)(\d+)\.?(\d*)$/.exec(text) ?? [];
  return BigInt(`${sign}${whole}${rest.padEnd(4, '0').slice(0, 4)}`);
};

/** Splits by taking one unit after another from the party with the largest claim left. Another way than that of the service. */
function naiveSplit(
  amount: bigint,
  unit: bigint,
  claims: readonly { readonly key: string; readonly weight: bigint }[],
): Map<string, bigint> {
  const total = claims.reduce((sum, { weight }) => sum + weight, 0n);
  const size = (amount < 0n ? -amount : amount) / unit;
  const parts = new Map(claims.map(({ key, weight }) => [key, (size * weight) / total]));
  let left = size - [...parts.values()].reduce((sum, part) => sum + part, 0n);
  const remainder = ({ weight }: { weight: bigint }) => (size * weight) % total;
  for (const one of claims.toSorted((a, b) =>
    remainder(a) === remainder(b) ? (a.key < b.key ? -1 : 1) : remainder(a) > remainder(b) ? -1 : 1,
  )) {
    if (left === 0n) break;
    parts.set(one.key, (parts.get(one.key) ?? 0n) + 1n);
    left -= 1n;
  }
  return new Map([...parts].map(([key, part]) => [key, (amount < 0n ? -part : part) * unit]));
}

export interface RandomMonth {
  readonly resources: readonly OwnedResource[];
  readonly invoices: readonly ProviderInvoice[];
  readonly pools: readonly { readonly pool: string; readonly method: string; readonly weights?: Record<string, number> }[];
}

export function randomMonth(random: SeededRandom, month: string): RandomMonth {
  const seconds = (endMs(month) - startMs(month)) / 1000;
  const at = () => startMs(month) + random.below(seconds) * 1000;
  const owner = () => random.pick([...TENANTS, null]);
  const resources = Array.from({ length: 1 + random.below(6) }, (): OwnedResource => {
    const moves = [...new Set(Array.from({ length: random.below(4) }, at))].sort((a, b) => a - b);
    const owners = [startMs(month) - 86_400_000, ...moves].map((fromMs) => ({ fromMs, tenant: owner() }));
    return { id: randomUUID(), kind: 'droplet', owners };
  });
  const amount = () => {
    const digits = random.pick([2, 2, 2, 4]);
    const text = String(random.below(10 ** (digits + 1 + random.below(3)))).padStart(digits + 1, '0');
    return `${random.chance(0.1) ? '-' : ''}${text.slice(0, -digits)}.${text.slice(-digits)}`;
  };
  const line = (): ProviderLine => {
    const [one, other] = [at(), at()];
    const times = random.chance(0.8)
      ? { fromMs: Math.min(one, other), untilMs: Math.max(one, other) + 1000, hours: String(random.below(700)) }
      : {};
    const resource = random.pick(resources);
    const lines: ProviderLine[] = [
      { product: 'Droplets', kind: 'droplet', resourceId: resource.id, amount: amount(), ...times },
      { product: 'Droplets', kind: 'droplet', resourceId: resource.id, amount: amount(), ...times },
      { product: 'Volumes', kind: 'volume', tenant: owner(), amount: amount(), ...times },
      { product: 'Support', kind: 'account', amount: amount() },
      { product: 'Bandwidth Overage', kind: 'account', amount: amount() },
      { product: 'Taxes', kind: 'tax', amount: amount() },
      { product: 'Credits', kind: 'credit', amount: `-${amount().replace('-', '')}` },
      { product: 'Novelty', kind: 'other', amount: amount() },
    ];
    return random.pick(lines);
  };
  const invoices = Array.from({ length: 1 + random.below(3) }, (): ProviderInvoice => {
    const lines = Array.from({ length: random.below(14) }, line);
    const kind = random.below(5);
    if (kind === 0) return { lines, amount: amount(), reconciliation: 'mismatch' };
    if (kind === 1) return { lines, amount: amount(), reconciliation: 'released' };
    return { lines };
  });
  const pools = POOLS.filter(() => random.chance(0.6)).map((pool) => {
    const method = random.pick(['keep', 'house', 'even', 'weighted', 'proportional']);
    return { pool, method, ...(method === 'weighted' && { weights: { acme: 1 + random.below(9), dora: 1 + random.below(9) } }) };
  });
  return { resources, invoices, pools };
}

const POOL_OF: Readonly<Record<string, string | undefined>> = { tax: 'provider_tax', credit: 'provider_credits', account: 'account_wide' };

/** Buy amounts by tenant and bucket, computed line by line. */
export function naiveBuckets(month: string, { resources, invoices, pools }: RandomMonth) {
  const direct = new Map<string, bigint>();
  const shared = new Map<string, bigint>();
  const kept = { house: 0n, unattributed: 0n, tax_kept: 0n, credits_kept: 0n };
  const pooled = new Map<string, bigint>();
  /** Pools with an amount of four places, which are split in its units. */
  const fine = new Set<string>();
  const add = (to: Map<string, bigint>, key: string, amount: bigint) => to.set(key, (to.get(key) ?? 0n) + amount);
  let payable = 0n;
  for (const invoice of invoices.filter(({ reconciliation }) => reconciliation !== 'mismatch')) {
    const lines = invoice.lines.map((line) => ({ ...line, size: units(line.amount) }));
    payable += invoice.amount === undefined ? lines.reduce((sum, { size }) => sum + size, 0n) : units(invoice.amount);
    for (const { kind, product, size, amount, resourceId, tenant, fromMs, untilMs } of lines) {
      const pool = kind === 'account' && product === 'Support' ? 'support' : POOL_OF[kind];
      if (pool !== undefined) {
        add(pooled, pool, size);
        if ((amount.split('.')[1]?.length ?? 0) > 2) fine.add(pool);
        continue;
      }
      const [since, until] = [fromMs ?? startMs(month), untilMs ?? endMs(month)];
      const owners = resources.find(({ id }) => id === resourceId)?.owners ?? [{ fromMs: 0, tenant: tenant ?? null }];
      const firstOwned = owners.findIndex((one) => one.tenant !== null);
      const claims = new Map<string, bigint>();
      for (const [nth, one] of owners.entries()) {
        const from = nth <= firstOwned ? -Infinity : one.fromMs;
        const part = Math.min(until, owners[nth + 1]?.fromMs ?? Infinity) - Math.max(since, from);
        if (part > 0 && nth >= Math.max(firstOwned, 0)) add(claims, one.tenant ?? '', BigInt(part));
      }
      const unit = (amount.split('.')[1]?.length ?? 0) > 2 ? 1n : 100n;
      const weighed = [...claims].map(([key, weight]) => ({ key, weight }));
      if (unit === 1n && claims.has('')) fine.add('unattributed');
      for (const [key, part] of naiveSplit(size, unit, weighed)) add(key === '' ? pooled : direct, key === '' ? 'unattributed' : key, part);
    }
  }
  const buckets = {
    account_wide: 'house',
    support: 'house',
    unattributed: 'unattributed',
    provider_tax: 'tax_kept',
    provider_credits: 'credits_kept',
  } as const;
  for (const pool of POOLS) {
    const amount = pooled.get(pool) ?? 0n;
    const { method = 'keep', weights = {} } = pools.find((one) => one.pool === pool) ?? {};
    const claims = {
      even: [...direct.keys()].map((key) => ({ key, weight: 1n })),
      weighted: Object.entries(weights).map(([key, weight]) => ({ key, weight: BigInt(weight) })),
      proportional: [...direct].filter(([, net]) => net > 0n).map(([key, weight]) => ({ key, weight })),
    };
    const claimed = method === 'even' || method === 'weighted' || method === 'proportional' ? claims[method] : [];
    if (claimed.length === 0 || !pooled.has(pool)) kept[method === 'house' ? 'house' : buckets[pool]] += amount;
    else {
      for (const [key, part] of naiveSplit(amount, fine.has(pool) ? 1n : 100n, claimed)) add(shared, key, part);
    }
  }
  return { direct, shared, kept, payable };
}
