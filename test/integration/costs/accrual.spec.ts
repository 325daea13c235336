import { randomUUID } from 'node:crypto';
import { costWindow } from '../../../libs/features/costs/src/cost-window';
import { invoicedStatement } from '../../../libs/features/costs/src/invoiced.sql';
import { aProject, boundAccount, change, insert } from '../../support/factories';
import { newCostsWorld, recordSince, setRates, type CostsWorld, type History } from './costs-world';

const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);
/** A minute of the last one costs more than a cent. */
const MONTHLY: Readonly<Record<string, string>> = {
  'droplet:s-1': '6',
  'droplet:s-2': '12',
  'droplet:s-3': '18.50',
  'droplet:s-4': '24192',
};
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

/** In the plain suite fewer histories of a month are as different from each other. */
const HISTORIES = process.env.TEST_LONG ? 1_000 : 250;

it.each(['2026-02', '2026-03', '2025-11'])(
  `accrues ${HISTORIES} random histories of %s to the cent of a second computation, for each owner (seed ${SEED}) [PRC-2] [PRC-1]`,
  async (period) => {
    await world.owner.query('truncate cloud_resources cascade; truncate resource_prices');
    await world.owner.query(`delete from cloud_resource_events where type = 'attributed'`);
    const startMs = Date.parse(`${period}-01T00:00:00Z`);
    const endMs = Date.UTC(Number(period.slice(0, 4)), Number(period.slice(5)), 1);
    const histories = Array.from({ length: HISTORIES }, () => randomHistory(startMs, endMs));
    await world.record(histories);
    await expectAmounts(period, naive(histories, startMs, endMs));
    await world.rollUpFrom(period);
    await expectAmounts(period, naive(histories, startMs, endMs)); // all of it is noted, nothing is folded
    await world.rollup.fold(Math.ceil(HISTORIES / 3));
    await expectAmounts(period, naive(histories, startMs, endMs));
    await world.rollup.foldAll();
    await expectAmounts(period, naive(histories, startMs, endMs));
    const corrected = histories.map((history) => (below(4) > 0 ? history : { ...randomHistory(startMs, endMs), id: history.id }));
    await world.rewrite(corrected.filter((history, at) => history !== histories[at]));
    await expectAmounts(period, naive(corrected, startMs, endMs)); // the corrections are noted, the rest is folded
    await world.rollup.foldAll();
    await expectAmounts(period, naive(corrected, startMs, endMs));
    await world.owner.query('update cost_rollup_groups set number = number * 2');
    const { amount } = await world.costs.read({ kind: 'platform' }, { period, basis: 'accrued', groupBy: [], filters: {} });
    expect(inCents(amount)).toBeGreaterThan([...naive(corrected, startMs, endMs).values()].reduce((sum, one) => sum + one, 0n)); // so it was read
  },
);

/** What the service answers for the month, by all groupings, is what the second computation gives. */
async function expectAmounts(period: string, expected: Map<string | null, bigint>): Promise<void> {
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
  const unowned = await world.costs.read({ kind: 'platform' }, { period, basis: 'accrued', groupBy: [], filters: { unattributed: true } });
  expect(inCents(unowned.amount)).toBe(expected.get(null) ?? 0n);
  for (const tenant of ['acme', 'birch']) {
    const own = await world.costs.read({ kind: 'tenant', tenantId: tenant }, { period, groupBy: ['product'], filters: {} });
    expect([tenant, inCents(own.amount)]).toEqual([tenant, expected.get(tenant) ?? 0n]);
  }
}

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

describe('one resource', () => {
  const month = Date.UTC(2026, 3, 1); // April has 30 days
  const at = (hours: number) => new Date(month + hours * 3_600_000).toISOString();
  const ask = (groupBy: Parameters<CostsWorld['costs']['read']>[1]['groupBy'], more: object = {}) =>
    world.costs.read({ kind: 'platform' }, { period: '2026-04', basis: 'accrued', groupBy, filters: {}, ...more });
  const aDroplet = async (more: Partial<History> = {}): Promise<string> => {
    const [id, tenant] = [randomUUID(), 'acme'];
    const sizes = [{ fromMs: month, product: 'droplet:s-1', units: '1', plan: null }];
    await world.record([{ id, kind: 'droplet', bornMs: month, diedMs: Infinity, sizes, owners: [{ fromMs: month, tenant }], ...more }]);
    return id;
  };
  beforeAll(() => insert(world.owner, 'cloud_accounts', { provider_account_id: 'team-1', identified_by: 'team' }));
  beforeEach(() => world.owner.query('truncate cloud_resources cascade; truncate resource_prices, cloud_sweeps'));

  it('lives until the destroy action, not until its deletion was noticed [PRC-2]', async () => {
    const id = await aDroplet({ diedMs: month + 400 * 3_600_000 });
    await insert(world.owner, 'cloud_resource_events', {
      resource_id: id,
      type: 'provider_action',
      source: 'sweep',
      at: at(390),
      changes: { action: 'destroy', completed_at: at(336) },
    });
    expect((await ask([])).amount).toBe('3.00'); // 336 of 672 hours of 6.00
  });

  it('tells its earlier owner neither its present name nor its present project [TEN-3]', async () => {
    const owners = [
      { fromMs: month, tenant: 'acme' },
      { fromMs: month + 100 * 3_600_000, tenant: 'birch' },
    ];
    const id = await aDroplet({ owners });
    const project = await aProject(world.owner, { name: 'Plans of birch', tenant_id: 'birch' });
    await change(world.owner, 'cloud_resources', id, { name: 'secret', cloud_project_id: project });
    const of = (tenantId: string, filters: object) =>
      world.costs.read({ kind: 'tenant', tenantId }, { period: '2026-04', groupBy: ['resource', 'project'], filters });
    const names = async (tenantId: string, filters: object) =>
      (await of(tenantId, filters)).groups.map(({ resource_name, project: name }) => [resource_name, name]);
    expect(await names('acme', {})).toEqual([[null, null]]);
    expect(await names('acme', { kind: 'droplet' })).toEqual([[null, null]]);
    expect(await names('acme', { q: 'secret' })).toEqual([]);
    expect(await names('birch', { q: 'secret' })).toEqual([['secret', 'Plans of birch']]);
  });

  it('belongs to no tenant before the time from which its first owner was given [PRC-1]', async () => {
    const id = await aDroplet({ bornMs: month - 40 * 24 * 3_600_000 });
    await insert(world.owner, 'cloud_resource_events', {
      resource_id: id,
      type: 'attributed',
      source: 'admin',
      changes: { tenant_id: { old: null, new: 'acme' }, effective_from: { old: null, new: at(336) } },
    });
    const byTenant = async (period: string) =>
      Object.fromEntries((await ask(['tenant'], { period })).groups.map(({ tenant, amount }) => [tenant ?? 'none', amount]));
    expect(await byTenant('2026-04')).toEqual({ acme: '3.20', none: '2.80' }); // 384 and 336 of 720 hours
    expect(await byTenant('2026-03')).toEqual({ none: '6.00' });
    expect((await ask(['kind'], { period: '2026-03' })).amount).toBe('6.00');
    const own = await world.costs.read({ kind: 'tenant', tenantId: 'acme' }, { period: '2026-03', groupBy: [], filters: {} });
    expect(Number(own.amount)).toBe(0);
  });

  it('lives until the first strike where no action is known [PRC-2]', async () => {
    const id = await aDroplet({ diedMs: month + 400 * 3_600_000 });
    await world.owner.query('update cloud_resources set last_seen_at = $2, stale_strike_count = 3 where id = $1', [id, at(160)]);
    for (const hours of [100, 168, 250])
      await insert(world.owner, 'cloud_sweeps', {
        kind: 'droplet',
        trigger: 'schedule',
        status: 'complete',
        lease_until: at(hours),
        started_at: at(hours),
      });
    expect((await ask([])).amount).toBe('1.50'); // the sweep at 168 hours is the first after the last sight
  });

  it('is a part of its cluster when it is a node [PRC-1]', async () => {
    const node = await aDroplet();
    const cluster = await insert(world.owner, 'cloud_resources', {
      account_id: (await world.owner.query<{ id: string }>('select account_id as id from cloud_resources')).rows[0]?.id,
      kind: 'k8s_cluster',
      provider_id: 'c1',
      urn: 'do:kubernetes:c1',
      name: 'cluster-1',
      status: 'active',
      content_hash: 'x',
      first_seen_at: at(0),
      last_seen_at: at(0),
    });
    await world.owner.query(`update cloud_resources set parents = '{k8s_cluster/c1}' where id = $1`, [node]);
    const { groups, unpriced } = await ask(['kind', 'product', 'resource']);
    expect(groups).toEqual([
      expect.objectContaining({ kind: 'k8s_cluster', product: 'Kubernetes Clusters', resource: cluster, amount: '6.00' }),
    ]);
    expect(unpriced).toEqual([{ kind: 'k8s_cluster', reason: 'kind_without_details', count: 1 }]);
  });

  it.each([
    [{ urn: 'do:droplet:one' }, '6.00'],
    [{ status: 'active' }, '6.00'],
    [{ status: 'off' }, '0.00'],
    [{ attributed_by: 'override' }, '6.00'],
    [{ attributed_by: 'project' }, '0.00'],
    [{ updated_since: '2026-04-20T00:00:00Z' }, '0.00'],
  ])('is counted by the filter %j or left out [PRC-1]', async (filters, amount) => {
    await aDroplet();
    await world.owner.query(
      `update cloud_resources set urn = 'do:droplet:one', provider_id = 'one', attributed_by = 'override', changed_at = '2026-04-10T00:00:00Z'`,
    );
    expect((await ask([], { filters })).amount).toBe(amount);
  });

  it('has the amounts of the invoice in a closed month, without tax unless tax is a group [PRC-1]', async () => {
    const id = await aDroplet();
    const invoice = await insert(world.owner, 'cloud_invoices', {
      account_id: await boundAccount(world.owner),
      invoice_uuid: 'april',
      period: '2026-04-01',
      issued_on: '2026-05-01',
      amount: '7.14',
      status: 'ingested',
    });
    const line = { invoice_id: invoice, product: 'Droplets', description: 'web' };
    await insert(world.owner, 'cloud_cost_lines', {
      ...line,
      line_no: 1,
      kind: 'droplet',
      resource_id: id,
      tenant_id: 'acme',
      amount: '6.00',
      is_tax: false,
    });
    await insert(world.owner, 'cloud_cost_lines', { ...line, line_no: 2, kind: 'tax', amount: '1.14', is_tax: true });
    expect(await ask(['tenant'], { basis: undefined })).toMatchObject({
      basis: 'invoiced',
      estimate: false,
      amount: '6.00',
      groups: [{ tenant: 'acme', amount: '6.00' }],
    });
    expect(await ask(['tax'], { basis: undefined })).toMatchObject({
      amount: '7.14',
      groups: [
        { tax: false, amount: '6.00' },
        { tax: true, amount: '1.14' },
      ],
    });
    const firstDay = costWindow({ period: '2026-04' }, new Date('2026-04-01T01:30:00Z'));
    const { text, values } = invoicedStatement(firstDay, [], {});
    expect((await world.owner.query(text, values)).rows).toMatchObject([{ amount: '6.00' }]); // the month has begun today
    const part = { period: undefined, from: '2026-04-02T00:00:00Z', to: '2026-05-01T00:00:00Z', basis: 'invoiced' };
    await expect(ask([], part)).rejects.toMatchObject({ code: 'validation_failed' });
  });

  it('is not accrued before the month of the first record, which names since when it is complete [PRC-2]', async () => {
    await aDroplet({ bornMs: Date.UTC(2024, 0, 1) });
    await expect(ask([], { period: '2024-12' })).rejects.toMatchObject({ code: 'not_accruable' });
    expect(await ask([], { period: '2025-01' })).toMatchObject({ incomplete_before: '2025-01-15T00:00:00.000Z', amount: '6.00' });
    expect(await ask([], { period: '2025-02' })).toMatchObject({ incomplete_before: null });
    const asTenant = world.costs.read({ kind: 'tenant', tenantId: 'acme' }, { period: '2024-12', groupBy: [], filters: {} });
    await expect(asTenant).rejects.toThrow(/wait until the operator of this service has rated the month$/); // it has no invoice to ask for
    await world.owner.query(`insert into cloud_event_months (month, before, events, resources) values ('2025-02-01', '2025-03-01', 0, 0)`);
    await expect(ask([], { period: '2025-02' })).rejects.toMatchObject({ code: 'not_accruable' });
  });
});
