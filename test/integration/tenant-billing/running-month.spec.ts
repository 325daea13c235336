import { CostService, type CostView } from '#libs/costs';
import {
  BillingProfiles,
  BillingRunService,
  PoolService,
  RateAssignments,
  RateCardService,
  TenantInvoiceReader,
  TenantInvoiceService,
} from '#libs/tenant-billing';
import { randomUUID } from 'node:crypto';
import { BECAUSE, newRatingWorld, type ProviderLine, type RatingWorld } from './rating-world';

const PLATFORM = { kind: 'platform' } as const;
const ACME = { kind: 'tenant', tenantId: 'acme' } as const;
const TENANTS = ['acme', 'birch'];
const HOUR_MS = 3_600_000;
const CAP_S = 672 * 3_600;

const now = new Date();
const monthNo = (back: number) => new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back, 1)).toISOString().slice(0, 7);
/** The last month, which is accrued and then closed, and the running one. */
const [LAST, RUNNING] = [monthNo(1), monthNo(0)];
const [startMs, endMs] = [Date.parse(`${LAST}-01`), Date.parse(`${RUNNING}-01`)];
const dayMs = (day: number) => startMs + (day - 1) * 24 * HOUR_MS;

interface Thing {
  readonly id: string;
  readonly kind: 'droplet' | 'volume';
  readonly product: string;
  readonly sku: string;
  /** Per month; of volumes for all GiB. */
  readonly monthly: string;
  readonly units: string;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly owners: readonly { readonly fromMs: number; readonly tenant: string | null }[];
}

const droplet = (size: string, monthly: string, owners: Thing['owners'], fromMs = startMs, untilMs = endMs): Thing => {
  return { id: randomUUID(), kind: 'droplet', product: 'Droplets', sku: size, monthly, units: '1', fromMs, untilMs, owners };
};
const volume = (gib: number, owner: string | null): Thing => {
  const owners = [{ fromMs: 0, tenant: owner }];
  const monthly = (gib / 10).toFixed(2);
  return {
    id: randomUUID(),
    kind: 'volume',
    product: 'Volumes',
    sku: 'volume',
    monthly,
    units: String(gib),
    fromMs: startMs,
    untilMs: endMs,
    owners,
  };
};
const of = (tenant: string | null) => [{ fromMs: 0, tenant }];
const MOVED = [
  { fromMs: 0, tenant: 'acme' },
  { fromMs: dayMs(11) + 12_345_000, tenant: 'birch' },
];
const THINGS: readonly Thing[] = [
  droplet('s-1', '6', of('acme')),
  droplet('s-2', '18.50', of('acme'), dayMs(8) + 1_000, dayMs(9) + 5_000),
  droplet('s-1', '6', MOVED),
  droplet('s-2', '18.50', of('birch'), dayMs(20)),
  droplet('s-1', '6', of(null)),
  volume(55, 'acme'),
  volume(10, null),
];

/** The line that the provider bills for a thing in the last month. */
function lineOf({ id, kind, product, sku, monthly, fromMs, untilMs, owners }: Thing): ProviderLine {
  const seconds = (untilMs - fromMs) / 1000;
  const [part, whole] = kind === 'droplet' ? [Math.min(seconds, CAP_S), CAP_S] : [seconds, (endMs - startMs) / 1000];
  const cents = Math.max(1, Math.round((Number(monthly) * 100 * part) / whole));
  return {
    product,
    kind,
    description: `web (${sku})`,
    resourceId: id,
    tenant: owners.at(-1)?.tenant ?? null,
    hours: String(Math.floor(seconds / 3600)),
    fromMs,
    untilMs,
    amount: (cents / 100).toFixed(2),
  };
}

let world: RatingWorld;
let costs: CostService;
beforeAll(async () => {
  world = await newRatingWorld();
  costs = world.service(CostService);
  await world.owner.query(
    `insert into cloud_resource_events (resource_id, type, source, at) values (gen_random_uuid(), 'discovered', 'sweep', '2020-01-01')`,
  );
  await world.resources(THINGS.map(({ id, kind, sku, owners }) => ({ id, kind, sizeSlug: kind === 'droplet' ? sku : undefined, owners })));
  for (const { id, sku, units, monthly, kind, fromMs, untilMs } of THINGS) {
    await world.owner.query(
      `update cloud_resources set first_seen_at = to_timestamp($2), deleted_at = to_timestamp($3), last_seen_at = coalesce(to_timestamp($3), now()),
              status = case when $3::float8 is null then status else 'deleted' end where id = $1 and $4`,
      [id, fromMs / 1000, untilMs === endMs ? null : untilMs / 1000, fromMs !== startMs || untilMs !== endMs],
    );
    const name = kind === 'droplet' ? `droplet:${sku}` : 'volume';
    await world.owner.query(
      `insert into resource_prices (resource_id, valid_from, valid_to, product, units) values ($1, '-infinity', 'infinity', $2, $3)`,
      [id, name, units],
    );
    await world.owner.query(
      `insert into list_prices (product, source, valid_from, amount, unit, origin) values ($1, 'catalog', '2012-01-01', $2, 'month', 'a test') on conflict do nothing`,
      [name, kind === 'droplet' ? monthly : '0.10'],
    );
  }
  await world.service(PoolService).set(LAST, [{ pool: 'unattributed', method: 'proportional' }], BECAUSE);
  await world.invoices(LAST, [{ lines: THINGS.toSorted((a, b) => (a.id < b.id ? -1 : 1)).map(lineOf) }]);
  for (const tenant of TENANTS) {
    await world.owner.query(`insert into tenants (id, name, source) values ($1, $1, 'admin') on conflict do nothing`, [tenant]);
    const profiles = world.service(BillingProfiles);
    const { version, ...before } = await profiles.profile(tenant);
    const filled = { ...before, legal_name: tenant, address: 'A street', country: 'AU', is_business: true };
    await profiles.replaceProfile(tenant, filled, version, BECAUSE);
  }
  const profiles = world.service(BillingProfiles);
  const { version, ...issuer } = await profiles.issuer('default');
  await profiles.replaceIssuer('default', { ...issuer, name: 'Harbour', address: 'Quay', country: 'AU', grace_days: 0 }, version, BECAUSE);
});
afterAll(() => world.close());

const ask = (period: string, basis: 'accrued' | 'invoiced', groupBy: Parameters<CostService['read']>[1]['groupBy'], filters = {}) =>
  costs.read(ACME, { period, basis, groupBy, filters });
const grouped = ({ groups, amount }: CostView) => ({
  amount,
  groups: groups.map(({ amount: one, ...keys }) => JSON.stringify([keys, one])).toSorted((a, b) => (a < b ? -1 : 1)),
});
/** The amount in 10 ^ -10 of a dollar. */
const units = (amount: string) => {
  const [whole = '0', rest = ''] = amount.replace('-', '').split('.');
  return BigInt(whole + rest.padEnd(10, '0')) * (amount.startsWith('-') ? -1n : 1n);
};

/** Gives acme a card with one model for everything, from the last month on. */
async function sellBy(model: Record<string, unknown>, monthly?: Record<string, string>): Promise<void> {
  const cards = world.service(RateCardService);
  const card = await cards.create(`Card ${randomUUID()}`, BECAUSE);
  await cards.createVersion(card.id, { valid_from: LAST, rates: [{ model }], ...(monthly && { monthly }) }, BECAUSE);
  await cards.publish(card.id, 1, BECAUSE);
  await world.service(RateAssignments).assign('acme', card.id, LAST, BECAUSE);
}

const tiers = [
  { up_to: '900', per_unit: '0.011', flat: '0' },
  { up_to: null, per_unit: '0.007', flat: '2' },
];
interface Case {
  readonly name: string;
  readonly model: Record<string, unknown>;
  readonly monthly?: Record<string, string>;
}
const PLUS = { type: 'cost_plus', percent: '20', fixed_per_resource_month: '1', min_margin: '0.50', max_margin: '3' };
const MODELS: readonly Case[] = [
  { name: 'cost plus, with bounds and a fixed amount', model: PLUS },
  { name: 'a fixed price by the day', model: { type: 'fixed_per_sku', price: '15.00', unit: 'month', proration: 'day' } },
  { name: 'a fixed price by the hour', model: { type: 'fixed_per_sku', price: '0.02', unit: 'hour', proration: 'as_provider' } },
  { name: 'tiers', model: { type: 'graduated', scope: 'tenant', tiers } },
  { name: 'volume', model: { type: 'volume', scope: 'tenant', tiers } },
  { name: 'packages', model: { type: 'package', size: '100', price: '5', free: '20' } },
  { name: 'an allowance', model: { type: 'free_allowance', amount: '5', per: 'tenant' } },
  { name: 'nothing', model: { type: 'free' } },
  {
    name: 'a minimum, a discount and a fee',
    model: { type: 'cost_plus', percent: '0' },
    monthly: { discount_percent: '10', minimum_commitment: '75', recurring_fee: '7' },
  },
  { name: 'a maximum', model: { type: 'cost_plus', percent: '100' }, monthly: { maximum_spend: '11.11' } },
];

it.each(MODELS)('accrues to what the invoice then has, to the cent: $name [TBL-2]', async ({ model, monthly }) => {
  await sellBy(model, monthly);
  const keys = ['resource', 'kind', 'product', 'region'] as const;
  const accrued = await ask(LAST, 'accrued', keys);
  expect(accrued).toMatchObject({ basis: 'accrued', estimate: true, unpriced: [] });
  const runs = world.service(BillingRunService);
  await runs.run((await runs.create(LAST, BECAUSE)).id);
  expect(grouped(accrued)).toEqual(grouped(await ask(LAST, 'invoiced', keys)));
  expect(accrued.groups.some(({ kind, resource }) => kind === 'shared' && resource === null)).toBe(true);
  await world.service(TenantInvoiceService).build(LAST, BECAUSE);
  const [draft] = (await world.service(TenantInvoiceReader).list(PLATFORM, { limit: 5 }, { period: LAST, tenant_id: 'acme' })).data;
  expect(draft?.net).toBe((Number((units(accrued.amount) + 5n * 10n ** 7n) / 10n ** 8n) / 100).toFixed(2));
});

it('answers the running month at sell prices, by day, by part and by filter, with parts that add up [PRC-1]', async () => {
  await sellBy({ type: 'cost_plus', percent: '33' }, { recurring_fee: '7', discount_percent: '7' });
  for (const period of [LAST, RUNNING]) {
    const whole = await ask(period, 'accrued', ['kind']);
    expect(whole.groups.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['droplet', 'volume', 'recurring_fee', 'discount']));
    const days = await ask(period, 'accrued', ['day', 'kind']);
    const sum = (groups: CostView['groups']) => groups.reduce((all, { amount }) => all + units(amount), 0n);
    const shown = period === LAST ? units(whole.amount) : sum(days.groups); // the running one has gone on between the answers
    expect(sum(days.groups)).toBe(shown);
    expect(days.groups.every(({ day }) => day?.startsWith(period))).toBe(true);
    const droplets = await ask(period, 'accrued', ['resource'], { kind: 'droplet' });
    expect(sum(droplets.groups)).toBe(units(whole.groups.find(({ kind }) => kind === 'droplet')?.amount ?? '0'));
  }
  const cuts = [startMs, dayMs(8) + 2_500, dayMs(11) + 777_000, endMs].map((ms) => new Date(ms).toISOString());
  let parts = 0n;
  for (const [at, from] of cuts.slice(0, -1).entries())
    parts += units((await costs.read(ACME, { from, to: cuts[at + 1] ?? '', groupBy: [], filters: {} })).amount);
  expect(parts).toBe(units((await ask(LAST, 'accrued', [])).amount));
});

it('writes nothing, and reads nothing that the provider has billed or that an invoice has taught [TNT-6]', async () => {
  await world.owner.query(
    `insert into list_prices (product, source, valid_from, amount, unit, origin) values ('volume', 'observed', '2012-01-02', 7919.31, 'gib_month', 'an invoice')`,
  );
  const rated = async () => (await world.owner.query<{ n: string }>('select count(*) as n from rated_lines')).rows[0]?.n;
  const before = await rated();
  for (const keys of [[], ['resource', 'product'], ['day']] as const) {
    const own = await ask(RUNNING, 'accrued', keys);
    expect(JSON.stringify(own)).not.toMatch(/7919|10532/); // the price, and the price with the margin
  }
  const buy = await costs.read(PLATFORM, { period: RUNNING, basis: 'accrued', groupBy: ['tenant'], filters: {} });
  expect(Number(buy.amount)).toBeGreaterThan(0);
  expect(await rated()).toBe(before);
});

it('names what has no price or no rate, and leaves it out of every amount [PRC-1]', async () => {
  await sellBy({ type: 'cost_plus', percent: '10' });
  const id = randomUUID();
  await world.resources([{ id, kind: 'droplet', sizeSlug: 's-unknown', owners: of('acme') }]);
  await world.owner.query(
    `insert into resource_prices (resource_id, valid_from, valid_to, product, units) values ($1, '-infinity', 'infinity', 'droplet:s-unknown', 1)`,
    [id],
  );
  const { unpriced, groups } = await ask(RUNNING, 'accrued', ['resource']);
  expect(unpriced).toEqual([{ kind: 'droplet', reason: 'unknown_size', count: 1 }]);
  expect(groups.some(({ resource }) => resource === id)).toBe(false);
});
