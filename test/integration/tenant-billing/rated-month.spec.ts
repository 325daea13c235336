import { CostService } from '#libs/costs';
import { BillingRunService, PoolService, ProfitAndLoss, RateAssignments, RatingService } from '#libs/tenant-billing';
import { randomUUID } from 'node:crypto';
import { endMs, RatedMonths, startMs } from './rated-months';
import { BECAUSE, newRatingWorld, type RatingWorld } from './rating-world';

const IS_LONG = process.env.TEST_LONG === '1';
const REFRESHES = IS_LONG ? 100 : 3;

if (IS_LONG) jest.setTimeout(3_600_000);

let world: RatingWorld;
let months: RatedMonths;
beforeAll(async () => {
  world = await newRatingWorld();
  months = new RatedMonths(world);
});
afterAll(() => world.close());

describe('a rated month', () => {
  let month: string;
  beforeEach(async () => {
    ({ month } = await months.ofTwoOwners());
  });

  it('splits a line by the seconds of its owners, and rates the same inputs to the same bytes [TBL-2]', async () => {
    const first = await months.rated(month);
    const lines = await months.storedLines(month);
    expect(first).toMatchObject({ status: 'completed', totals: { payable: '147.41', sell: '34.01', tenants: 2 } });
    const { tenants, house, tax_kept } = await months.pnl(month);
    expect(tenants.map(({ tenant_id, buy_direct, sell }) => [tenant_id, buy_direct, sell])).toEqual([
      ['acme', '22.01', '22.01'],
      ['birch', '12.00', '12.00'],
    ]);
    expect([house, tax_kept]).toEqual(['100.00', '13.40']);
    for (let nth = 0; nth < REFRESHES; nth++) {
      const again = await months.rated(month);
      expect([again.inputs_digest, again.lines_digest]).toEqual([first.inputs_digest, first.lines_digest]);
      expect(await months.storedLines(month)).toBe(lines);
    }
    await world
      .service(RateAssignments)
      .createOverride(
        { tenant_id: 'birch', model: { type: 'free' }, valid_from: month, valid_to: months.following(), reason: 'a gift' },
        BECAUSE,
      );
    const changed = await months.rated(month);
    expect(changed.inputs_digest).not.toBe(first.inputs_digest);
    expect(changed.totals?.sell).toBe('22.01');
  });

  it('keeps the old lines when a rating ends before its commit, and claims its run again [TBL-2]', async () => {
    await months.rated(month);
    const lines = await months.storedLines(month);
    await world.invoices(month, [{ lines: [{ product: 'Volumes', kind: 'volume', tenant: 'cedar', amount: '1.00' }] }]);
    const rating = world.service(RatingService);
    const of = { issuerId: 'default', period: `${month}-01` };
    const dies = () => Promise.reject(new Error('the process ends here'));
    await expect(rating.rate(of, () => Promise.resolve(), dies)).rejects.toThrow('ends here');
    expect(await months.storedLines(month)).toBe(lines);
    const killed = async () => {
      await world.owner.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and xact_start is not null and pid <> pg_backend_pid()`,
      );
    };
    await expect(rating.rate(of, killed, () => Promise.resolve())).rejects.toThrow(Error);
    expect(await months.storedLines(month)).toBe(lines);
    expect((await months.pnl(month)).stale).toBe(true);
    const runs = world.service(BillingRunService);
    const { id } = await runs.create(month, BECAUSE);
    await world.owner.query(`update billing_runs set status = 'running', lease_until = now() - interval '1 second' where id = $1`, [id]);
    expect(await runs.due(10)).toContain(id);
    await runs.run(id);
    expect(await months.storedLines(month)).not.toBe(lines);
    expect((await months.pnl(month)).stale).toBe(false);
    await expect(runs.run(id)).rejects.toMatchObject({ code: 'billing_run_not_claimable' });
  });
});

it('tells an earlier owner of a resource neither its present name nor its present project [TEN-3]', async () => {
  const month = await months.next();
  const id = randomUUID();
  const owners = [
    { fromMs: 0, tenant: 'acme' },
    { fromMs: startMs(month) + (endMs(month) - startMs(month)) / 2, tenant: 'birch' },
  ];
  const written = { product: 'Droplets', kind: 'droplet', description: 'birch-payroll (s-2vcpu-4gb)', project: 'Plans of birch' };
  await world.resources([{ id, kind: 'droplet', sizeSlug: 's-1vcpu-1gb', owners }]);
  await world.owner.query(`update cloud_resources set name = 'birch-payroll' where id = $1`, [id]);
  await world.invoices(month, [{ lines: [{ ...written, resourceId: id, hours: '672', amount: '24.00' }] }]);
  await world.service(RateAssignments).createOverride(
    {
      tenant_id: 'acme',
      selector: { sku: 's-2vcpu-4gb' },
      model: { type: 'cost_plus', percent: '50' },
      valid_from: month,
      valid_to: months.following(),
      reason: 'of its size',
    },
    BECAUSE,
  );
  await months.rated(month);
  const { rows } = await world.owner.query(
    `select tenant_id, resource_id, description, resource_name, project_name, trim_scale(sell)::text as sell from rated_lines where period = $1 order by line_no`,
    [`${month}-01`],
  );
  const of = { resource_id: id };
  expect(rows).toEqual([
    { ...of, tenant_id: 'acme', description: 'Droplets', resource_name: null, project_name: null, sell: '18' }, // its rate is found by the size in the text
    {
      ...of,
      tenant_id: 'birch',
      description: 'birch-payroll (s-2vcpu-4gb)',
      resource_name: 'birch-payroll',
      project_name: 'Plans of birch',
      sell: '12',
    },
  ]);
  const costs = async (tenantId: string) =>
    (await world.service(CostService).read({ kind: 'tenant', tenantId }, { period: month, groupBy: ['project'], filters: {} })).groups;
  expect(await costs('acme')).toEqual([{ project: null, amount: '18.00' }]);
  expect(await costs('birch')).toEqual([{ project: 'Plans of birch', amount: '12.00' }]);
});

it('counts a first owner that is given from a time on from then on, and what is before as unattributed', async () => {
  const [before, month] = [await months.next(), await months.next()];
  const id = randomUUID();
  const middle = new Date(startMs(month) + (endMs(month) - startMs(month)) / 2);
  await world.resources([{ id, kind: 'droplet', owners: [{ fromMs: 0, tenant: 'acme' }] }]);
  await world.owner.query(
    `insert into cloud_resource_events (resource_id, tenant_id, type, source, changes)
     values ($1, 'acme', 'attributed', 'admin', jsonb_build_object('tenant_id', jsonb_build_object('old', null, 'new', 'acme'),
       'effective_from', jsonb_build_object('old', null, 'new', to_jsonb($2::timestamptz))))`,
    [id, middle],
  );
  for (const one of [before, month]) {
    await world.invoices(one, [{ lines: [{ product: 'Droplets', kind: 'droplet', resourceId: id, tenant: 'acme', amount: '31.00' }] }]);
    await months.rated(one);
  }
  expect(await months.pnl(before)).toMatchObject({ tenants: [], unattributed: '31.00', difference: '0.00' });
  expect(await months.pnl(month)).toMatchObject({
    tenants: [{ tenant_id: 'acme', buy_direct: '15.50' }],
    unattributed: '15.50',
    difference: '0.00',
  });
});

it('warns of tax on tax, and of a pool of which no tenant can get a part', async () => {
  const { month } = await months.ofTwoOwners();
  await world.service(PoolService).set(month, [{ pool: 'provider_tax', method: 'even' }], BECAUSE);
  const warnings = async (of: string) =>
    (await months.rated(of)).problems.filter(({ severity }) => severity === 'warning').map(({ code, path }) => [code, path]);
  expect(await warnings(month)).toContainEqual(['tax_on_tax', 'pools/provider_tax']);
  expect((await months.pnl(month)).tenants.map(({ buy_shared }) => buy_shared)).toEqual(['6.70', '6.70']);
  const empty = await months.next();
  await world.invoices(empty, [{ lines: [{ product: 'Taxes', kind: 'tax', amount: '1.00' }] }]);
  expect(await warnings(empty)).toContainEqual(['pool_without_tenants', 'pools/provider_tax']);
  expect(await months.pnl(empty)).toMatchObject({ tax_kept: '1.00', difference: '0.00' });
});

it('adds up by kind and by month as it does by tenant [TBL-1]', async () => {
  const { month } = await months.ofTwoOwners();
  await months.rated(month);
  const pnl = world.service(ProfitAndLoss);
  const [byTenant, byKind, byMonth] = [await months.pnl(month), await pnl.read(month, 'kind'), await pnl.read(month, 'month')];
  expect(byKind.kinds.map(({ kind, buy_direct }) => [kind, buy_direct])).toEqual([
    ['droplet', '24.01'],
    ['volume', '10.00'],
  ]);
  expect(byMonth.months.at(-1)).toMatchObject({ month, buy_direct: '34.01', margin: '0.00' });
  expect([byKind.total, byKind.payable, byKind.difference]).toEqual([byTenant.total, byTenant.payable, '0.00']);
  expect(byMonth.difference).toBe('0.00');
});

it('names a month without an invoice of the provider as a critical problem, and not as complete', async () => {
  const { problems } = await months.rated('2019-01');
  expect(problems.filter(({ severity }) => severity === 'critical').map(({ code }) => code)).toEqual(['no_provider_invoice']);
});

it('counts backups where the provider writes their number, and hours or pieces elsewhere', async () => {
  const month = await months.next();
  const lines = [
    { product: 'Droplets', kind: 'droplet', description: 'web (s-2vcpu-4gb)', tenant: 'acme', hours: '672', amount: '24.00' },
    {
      product: 'Droplet Backups',
      kind: 'droplet_backup',
      description: 'web (Weekly Backup Services)',
      tenant: 'acme',
      hours: '4',
      amount: '4.80',
    },
    { product: 'Spaces', kind: 'account', description: 'Bandwidth', tenant: 'acme', hours: null, amount: '1.00' },
  ];
  await world.invoices(month, [{ lines }]);
  await months.rated(month);
  const { rows } = await world.owner.query(
    `select description, quantity::float as quantity, unit from rated_lines where period = $1 and description in ('web (s-2vcpu-4gb)', 'web (Weekly Backup Services)')
      order by line_no`,
    [`${month}-01`],
  );
  expect(rows).toEqual([
    { description: 'web (s-2vcpu-4gb)', quantity: 672, unit: 'hour' },
    { description: 'web (Weekly Backup Services)', quantity: 4, unit: 'backup' },
  ]);
});

it('lists the tenants of a month with their lines and sums without reading its lines, which a run of an earlier release needs', async () => {
  const { month } = await months.ofTwoOwners();
  const run = await months.rated(month);
  const { rows } = await world.owner.query(
    `select tenant_id, count(*)::int as lines, trim_scale(sum(sell))::numeric(20, 2)::text as sell from rated_lines where period = $1 and tenant_id is not null group by 1 order by 1`,
    [`${month}-01`],
  );
  const sums = (of: typeof run) => of.tenants.map(({ tenant_id, lines, sell }) => ({ tenant_id, lines, sell }));
  expect(sums(run)).toEqual(rows);
  expect(rows.length).toBeGreaterThan(1);
  const runs = world.service(BillingRunService);
  await world.owner.query(`update rated_lines set tenant_id = 'nobody' where period = $1 and tenant_id is not null`, [`${month}-01`]);
  expect(sums(await runs.get(run.id))).toEqual(rows);
  await world.owner.query('update billing_runs set tenant_sums = null where id = $1', [run.id]);
  expect(sums(await runs.get(run.id))).toMatchObject([{ tenant_id: 'nobody' }]);
});
