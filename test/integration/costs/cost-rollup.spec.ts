import { randomUUID } from 'node:crypto';
import { aProject, change, insert } from '../../support/factories';
import { until } from '../../support/until';
import { newCostsWorld, recordSince, setRates, type CostsWorld } from './costs-world';

const MONTH = '2026-04';
const START_MS = Date.UTC(2026, 3, 1);
const DAY_MS = 86_400_000;
const onDay = (day: number) => new Date(START_MS + (day - 1) * DAY_MS).toISOString();
const GROUPINGS = [[], ['tenant'], ['kind', 'region'], ['product'], ['project'], ['day', 'tenant']] as const;

let world: CostsWorld;
beforeAll(async () => {
  world = await newCostsWorld();
  await insert(world.owner, 'cloud_accounts', { provider_account_id: 'team-1', identified_by: 'team' });
  await setRates(world, { 'droplet:s-1': '6', 'droplet:s-2': '12' });
  await recordSince(world, '2025-01-15T00:00:00Z');
});
afterAll(() => world.close());

let ids: readonly string[];
/** Three droplets of acme that existed before the month, folded into the roll-up. */
beforeEach(async () => {
  await world.owner.query('truncate cloud_resources cascade; truncate resource_prices');
  await world.owner.query(`delete from cloud_resource_events where type <> 'discovered'`);
  ids = [randomUUID(), randomUUID(), randomUUID()];
  const [bornMs, sizes] = [START_MS - 5 * DAY_MS, [{ fromMs: START_MS - 5 * DAY_MS, product: 'droplet:s-1', units: '1', plan: null }]];
  const owners = [{ fromMs: bornMs, tenant: 'acme' }];
  await world.record(ids.map((id) => ({ id, kind: 'droplet', bornMs, diedMs: Infinity, sizes, owners })));
  await world.rollUpFrom(MONTH);
  await world.rollup.foldAll();
});

const ask = (groupBy: Parameters<CostsWorld['costs']['read']>[1]['groupBy'], filters = {}) =>
  world.costs.read({ kind: 'platform' }, { period: MONTH, basis: 'accrued', groupBy, filters });

/** All answers of the month, and of a part of it. */
const answers = async () => {
  const part = { from: onDay(7), to: '2026-04-20T11:22:33Z', basis: 'accrued', groupBy: ['tenant'], filters: {} } as const;
  return Promise.all([
    ...GROUPINGS.map((groupBy) => ask(groupBy)),
    ask(['product'], { kind: 'droplet' }),
    ask(['kind'], { unattributed: true }),
    world.costs.read({ kind: 'platform' }, part),
  ]);
};

/** The same answers without the roll-up: all resources are read for a month that is before it. */
const withoutRollup = async () => {
  await world.owner.query(`update cost_rollups set month = '2030-01-01'`);
  const found = await answers();
  await world.owner.query('update cost_rollups set month = $1', [`${MONTH}-01T00:00:00Z`]);
  return found;
};

const event = (type: string, at: string, changes: object, of = ids[0]) =>
  insert(world.owner, 'cloud_resource_events', { resource_id: of, type, source: 'admin', at, changes: JSON.stringify(changes) });
const update = (set: string, values: unknown[] = []) =>
  world.owner.query(`update cloud_resources set ${set} where id = $1`, [ids[0], ...values]);

const LATE_CHANGES: readonly [string, () => Promise<unknown>][] = [
  ['nothing', () => Promise.resolve()],
  ['a deletion', () => update(`deleted_at = $2, status = 'deleted'`, [onDay(20)])],
  [
    'a destroy action that is seen after the deletion was folded',
    async () => {
      await update(`deleted_at = $2, status = 'deleted'`, [onDay(20)]);
      await world.rollup.foldAll();
      await event('provider_action', onDay(21), { action: 'destroy', completed_at: onDay(12) });
    },
  ],
  [
    'an owner from a time in the month',
    async () => {
      await event('attributed', onDay(25), { tenant_id: { old: 'acme', new: 'birch' }, effective_from: { old: null, new: onDay(10) } });
      await update(`tenant_id = 'birch'`);
    },
  ],
  [
    'an owner from a time before the month, which changes no column',
    () =>
      event('attributed', onDay(25), {
        tenant_id: { old: 'birch', new: 'acme' },
        effective_from: { old: null, new: '2026-03-28T00:00:00Z' },
      }),
  ],
  [
    'a resize',
    async () => {
      await world.owner.query(`update resource_prices set valid_to = $2 where resource_id = $1`, [ids[0], onDay(11)]);
      await world.owner.query(`insert into resource_prices values ($1, $2, 'infinity', 'droplet:s-2', 1, null)`, [ids[0], onDay(11)]);
    },
  ],
  ['a backup plan', () => world.owner.query(`update resource_prices set plan = 'daily' where resource_id = $1`, [ids[0]])],
  ['a price that is removed', () => world.owner.query('delete from resource_prices where resource_id = $1', [ids[0]])],
  ['another price of its size', () => setRates(world, { 'droplet:s-1': '7.77' }, 'catalog', '2026-04-15')],
  ['another region', () => update(`region = 'fra1'`)],
  ['a creation in the month', () => update('first_seen_at = $2, attrs = $3', [onDay(9), JSON.stringify({ created_at: onDay(8) })])],
  ['an earlier creation than the first sight', () => update('first_seen_at = $2', [onDay(9)])],
  ['a removed row', () => world.owner.query('delete from cloud_resources where id = $1', [ids[0]])],
  [
    'a project, and its new name',
    async () => {
      const project = await aProject(world.owner, { name: 'Shop' });
      await update('cloud_project_id = $2', [project]);
      await world.rollup.foldAll();
      await change(world.owner, 'cloud_projects', project, { name: 'Store' });
    },
  ],
];

it.each(LATE_CHANGES)(
  'answers the same as an accrual of all resources after %s, before and after it is folded [PRC-1] [PRC-2]',
  async (_name, apply) => {
    await apply();
    const expected = await withoutRollup();
    expect(await answers()).toEqual(expected);
    await world.rollup.foldAll();
    expect(await answers()).toEqual(expected);
  },
);

it('contains a change that was open while the roll-up was folded, and loses none to a process that dies [PRC-1]', async () => {
  await update(`region = 'nyc3'`);
  await world.owner.query('begin');
  await update(`tenant_id = 'birch'`);
  expect(await world.rollup.fold()).toBe(1); // the note of the open change is not visible
  await world.owner.query('commit');
  expect(await answers()).toEqual(await withoutRollup());
  await world.owner.query('begin');
  await world.owner.query('lock table cost_rollup_groups in exclusive mode');
  const folding = world.rollup.fold().catch((error: unknown) => error);
  const waiting = `select pid from pg_locks where not granted and relation = 'cost_rollup_groups'::regclass`;
  await until(async () => (await world.owner.query(waiting)).rowCount === 1);
  await world.owner.query(`select pg_terminate_backend(pid) from (${waiting}) w`);
  expect(await folding).toBeInstanceOf(Error);
  await world.owner.query('commit');
  expect(await answers()).toEqual(await withoutRollup());
  expect(await world.rollup.foldAll()).toBe(1);
  expect(await answers()).toEqual(await withoutRollup());
});

it('is built for the running month, goes on to the next one, and begins anew after its tables were emptied', async () => {
  await world.owner.query('truncate cost_rollups, cost_rollup_changes');
  expect(await world.rollup.run()).toBe(3);
  expect(await world.rollup.run()).toBe(0);
  const read = async (text: string) => (await world.owner.query<{ value: string }>(`select (${text})::text as value`)).rows[0]?.value;
  const running = await read(`select to_char(now() at time zone 'UTC', 'YYYY-MM')`);
  expect(await read(`select to_char(month at time zone 'UTC', 'YYYY-MM') from cost_rollups`)).toBe(running);
  await world.rollUpFrom(MONTH);
  await update('first_seen_at = $2, attrs = $3', [onDay(9), '{}']);
  await world.rollup.foldAll();
  expect(await read('select sum(number) from cost_rollup_groups')).toBe('2'); // the third began in the month
  expect(await world.rollup.run()).toBe(1);
  expect(await read('select sum(number) from cost_rollup_groups')).toBe('3');
  await world.owner.query('truncate cloud_resources cascade');
  expect(await read('select count(*) from cost_rollups')).toBe('0');
  expect((await ask(['kind'])).groups).toEqual([]);
});

it('shows its tables to the platform only [TEN-4]', async () => {
  for (const table of ['cost_rollups', 'cost_rollup_shapes', 'cost_rollup_groups', 'cost_rollup_members']) {
    expect((await world.database.query(`select from ${table}`)).length).toBeGreaterThan(0);
    expect(await world.database.asTenant('acme', (tx) => tx.query(`select from ${table}`))).toEqual([]);
  }
});
