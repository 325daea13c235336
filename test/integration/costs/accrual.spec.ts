import { randomUUID } from 'node:crypto';
import { newCostsWorld, recordSince, setRates, type CostsWorld, type History } from './costs-world';

const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);
const MONTHLY: Readonly<Record<string, string>> = { 'droplet:s-1': '6', 'droplet:s-2': '12', 'droplet:s-3': '18.50' };
const UNITS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  volume: ['10', '55', '100'],
  snapshot: ['0.05', '10.15', '3.7'],
  load_balancer: ['1', '3'],
  floating_ip: ['0', '1'],
};
const RATES: Readonly<Record<string, { unit: string; minimum?: string }>> = {
  volume: { unit: '0.10' },
  snapshot: { unit: '0.06', minimum: '0.01' },
  load_balancer: { unit: '12' },
  floating_ip: { unit: '5' },
};
const TENANTS = ['acme', 'birch', null];
const HOUR_S = 3_600n;
const CAP_S = 672n * HOUR_S;

let world: CostsWorld;
let state = SEED;
const below = (limit: number): number => {
  state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
  return Math.floor((state / 2_147_483_648) * limit);
};
const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;

beforeAll(async () => {
  world = await newCostsWorld();
  await setRates(world, MONTHLY);
  await recordSince(world, '2025-01-15T00:00:00Z');
});
afterAll(() => world.close());

/** A history that touches the month, with changes of size and owner at whole seconds. */
function randomHistory(startMs: number, endMs: number): History {
  const monthS = (endMs - startMs) / 1000;
  const kind = pick(['droplet', 'droplet', 'volume', 'snapshot', 'load_balancer', 'floating_ip']);
  const bornMs = startMs + (below(3) === 0 ? below(monthS - 5) : -below(monthS)) * 1000;
  const fromMs = Math.max(bornMs, startMs);
  const leftS = Math.floor((endMs - fromMs) / 1000);
  const diedMs = below(3) === 0 ? fromMs + (1 + below(pick([30, 3_000, leftS]))) * 1000 : Infinity;
  const times = () =>
    [...new Set(Array.from({ length: pick([0, 0, 1, 3]) }, () => fromMs + below(leftS) * 1000))]
      .sort((a, b) => a - b)
      .filter((ms) => ms > bornMs);
  const backups = below(2) === 0 ? pick(['weekly', 'daily', 'unknown']) : null;
  const size = (ms: number) =>
    kind === 'droplet'
      ? { fromMs: ms, product: pick(Object.keys(MONTHLY)), units: '1', plan: backups }
      : { fromMs: ms, product: kind, units: pick(UNITS[kind] ?? ['1']), plan: null };
  const owners = [bornMs, ...times()].map((ms) => ({ fromMs: ms, tenant: pick(TENANTS) }));
  return { id: randomUUID(), kind, bornMs, diedMs, sizes: [bornMs, ...times()].map(size), owners };
}

/** An exact decimal as a fraction. */
const fraction = (text: string): [bigint, bigint] => {
  const [whole = '0', rest = ''] = text.split('.');
  return [BigInt(whole + rest), 10n ** BigInt(rest.length)];
};

/** The amount of one line in cents: the provider's rule, computed another way than by the service. */
function cents(monthly: [bigint, bigint], seconds: number, perGib: boolean, startMs: number, endMs: number): bigint {
  const [amount, scale] = monthly;
  if (amount === 0n) return 0n;
  const raw = BigInt(seconds);
  const billed = startMs < Date.UTC(2026, 0, 1) ? ((raw + HOUR_S - 1n) / HOUR_S) * HOUR_S : raw < 60n ? 60n : raw;
  const whole = perGib ? BigInt((endMs - startMs) / 1000) : CAP_S;
  const part = billed < whole ? billed : whole;
  const rounded = (2n * 100n * amount * part + scale * whole) / (2n * scale * whole);
  return rounded < 1n ? 1n : rounded;
}

/** All cents of a month by owner. */
function naive(histories: readonly History[], startMs: number, endMs: number): Map<string | null, bigint> {
  const byOwner = new Map<string | null, bigint>();
  for (const history of histories) {
    const lines = new Map<string, { monthly: [bigint, bigint]; perGib: boolean; spans: [number, number][] }>();
    history.sizes.forEach((size, at) => {
      const span: [number, number] = [
        Math.max(at === 0 ? history.bornMs : size.fromMs, startMs),
        Math.min(history.sizes[at + 1]?.fromMs ?? Infinity, history.diedMs, endMs),
      ];
      if (span[0] >= span[1]) return;
      const [rate, scale] = fraction(MONTHLY[size.product] ?? RATES[size.product]?.unit ?? '0');
      const [units, unitScale] = fraction(size.units);
      let monthly: [bigint, bigint] = [rate * units, scale * unitScale];
      if (size.product === 'snapshot' && monthly[0] * 100n < monthly[1]) monthly = [1n, 100n];
      const add = (key: string, price: [bigint, bigint]) => {
        const line = lines.get(key) ?? { monthly: price, perGib: ['volume', 'snapshot'].includes(size.product), spans: [] };
        line.spans.push(span);
        lines.set(key, line);
      };
      add(`${size.product}/${size.units}`, monthly);
      if (size.plan) add(`${size.product}/${size.plan}`, [monthly[0] * (size.plan === 'daily' ? 30n : 20n), monthly[1] * 100n]);
    });
    for (const { monthly, perGib, spans } of lines.values()) {
      const seconds = spans.reduce((sum, [from, to]) => sum + (to - from) / 1000, 0);
      const amount = cents(monthly, seconds, perGib, startMs, endMs);
      const weights = new Map<string | null, number>();
      for (const [from, to] of spans)
        history.owners.forEach(({ tenant, fromMs }, at) => {
          const known = history.owners.findIndex((owner) => owner.tenant !== null);
          const start = at <= known ? -Infinity : fromMs;
          if (at < known) return;
          const held = Math.min(history.owners[at + 1]?.fromMs ?? Infinity, to) - Math.max(start, from);
          if (held > 0) weights.set(tenant, (weights.get(tenant) ?? 0) + held / 1000);
        });
      const shares = [...weights].map(([tenant, weight]) => {
        const exact = amount * BigInt(weight);
        return { tenant, floor: exact / BigInt(seconds), rest: exact % BigInt(seconds) };
      });
      let left = amount - shares.reduce((sum, { floor }) => sum + floor, 0n);
      const order = shares.toSorted((a, b) =>
        a.rest === b.rest ? ((a.tenant ?? '~') < (b.tenant ?? '~') ? -1 : 1) : a.rest > b.rest ? -1 : 1,
      );
      for (const { tenant, floor } of order) {
        byOwner.set(tenant, (byOwner.get(tenant) ?? 0n) + floor + (left > 0n ? 1n : 0n));
        left -= left > 0n ? 1n : 0n;
      }
    }
  }
  return byOwner;
}

const inCents = (amount: string | undefined) => BigInt((amount ?? '0.00').replace('.', ''));

it.each(['2026-02', '2026-03', '2025-11'])(
  `accrues 1,000 random histories of %s to the cent of a second computation, for each owner (seed ${SEED}) [PRC-2] [PRC-1]`,
  async (period) => {
    await world.owner.query('truncate cloud_resources cascade; truncate resource_prices');
    await world.owner.query(`delete from cloud_resource_events where type = 'attributed'`);
    const startMs = Date.parse(`${period}-01T00:00:00Z`);
    const endMs = Date.UTC(Number(period.slice(0, 4)), Number(period.slice(5)), 1);
    const histories = Array.from({ length: 1_000 }, () => randomHistory(startMs, endMs));
    await world.record(histories);
    const expected = naive(histories, startMs, endMs);
    const total = [...expected.values()].reduce((sum, one) => sum + one, 0n);
    const ask = (groupBy: Parameters<CostsWorld['costs']['read']>[1]['groupBy']) =>
      world.costs.read({ kind: 'platform' }, { period, basis: 'accrued', groupBy, filters: {} });
    const byTenant = await ask(['tenant']);
    for (const tenant of TENANTS)
      expect([tenant, inCents(byTenant.groups.find((group) => group.tenant === tenant)?.amount)]).toEqual([
        tenant,
        expected.get(tenant) ?? 0n,
      ]);
    expect(inCents(byTenant.amount)).toBe(total);
    for (const groupBy of [[], ['kind'], ['product', 'month'], ['resource'], ['day'], ['tenant', 'day', 'region']] as const) {
      const { amount, groups, unpriced } = await ask([...groupBy]);
      expect(inCents(amount)).toBe(total);
      expect(unpriced).toEqual([]);
      const inGroups = groups.reduce((sum, group) => sum + inCents(group.amount), 0n);
      expect(inGroups).toBe(groupBy.length === 0 ? 0n : total);
    }
    for (const tenant of ['acme', 'birch']) {
      const own = await world.costs.read({ kind: 'tenant', tenantId: tenant }, { period, groupBy: ['product'], filters: {} });
      expect([tenant, inCents(own.amount)]).toEqual([tenant, expected.get(tenant) ?? 0n]);
    }
  },
);

it('answers the parts of a month with amounts that add up to the month [PRC-1]', async () => {
  const asked = { basis: 'accrued', groupBy: ['kind'], filters: {} } as const;
  const scope = { kind: 'platform' } as const;
  const whole = await world.costs.read(scope, { ...asked, period: '2025-11' });
  const cuts = ['2025-11-01T00:00:00Z', '2025-11-07T11:22:33Z', '2025-11-20T00:00:00Z', '2025-12-01T00:00:00Z'];
  let sum = 0n;
  for (const [at, from] of cuts.slice(0, -1).entries())
    sum += inCents((await world.costs.read(scope, { ...asked, from, to: cuts[at + 1] })).amount);
  expect(sum).toBe(inCents(whole.amount));
});
