import { SWEEPS } from '#libs/inventory';
import { newWorld, type World } from '../../support/inventory-world';

let world: World;
beforeEach(async () => {
  world = await newWorld({ DO_RATE_PER_MINUTE: '250', DO_RATE_PER_HOUR: '5000' });
  for (const { kind } of SWEEPS) await swept(kind, 'complete', ['droplet', 'action'].includes(kind) ? 5 : 600);
});
afterEach(() => world.close());

/** Inserts a sweep that ended so many seconds ago and took a second. */
async function swept(kind: string, status: string, secondsAgo: number, calls = 1): Promise<void> {
  await world.database.query(
    `insert into cloud_sweeps (kind, trigger, status, reason, calls, started_at, claimed_at, finished_at, lease_until)
     values ($1, 'schedule', $2, case when $2 = 'incomplete' then 'provider_unavailable' end, $4,
             now() - ($3::float8 + 1) * interval '1 second', now(), now() - $3::float8 * interval '1 second', now())`,
    [kind, status, secondsAgo, calls],
  );
}

/** Complete sweeps of the droplets in each minute of the last quarter of an hour: the provider works. */
async function whileDropletsAreSwept(): Promise<void> {
  for (let secondsAgo = 65; secondsAgo < 900; secondsAgo += 60) await swept('droplet', 'complete', secondsAgo);
}

it.each([
  { failed: [10], due: false },
  { failed: [31], due: true },
  { failed: [200, 50], due: false },
  { failed: [200, 61], due: true },
  { failed: [500, 400, 110], due: false },
  { failed: [500, 400, 121], due: true },
  { failed: [590, 580, 570, 560, 550, 540, 530, 520], due: false },
])(
  'tries a kind with a cadence of a quarter of an hour again after a pause that grows: failed $failed s ago, due $due (C5) [TRU-1, OPS-4]',
  async ({ failed, due }) => {
    await whileDropletsAreSwept();
    for (const secondsAgo of failed) await swept('dns_zone', 'incomplete', secondsAgo);
    expect(await world.due.find()).toEqual(due ? [{ kind: 'dns_zone', trigger: 'schedule' }] : []);
  },
);

it('finds due sweeps with any rate of the token, also where a call is no whole number of milliseconds (C5) [OPS-4]', async () => {
  const odd = await newWorld({ DO_RATE_PER_MINUTE: '300', DO_RATE_PER_HOUR: '7000' });
  expect((await odd.due.find()).map(({ kind }) => kind).toSorted()).toEqual(SWEEPS.map(({ kind }) => kind).toSorted());
  await odd.close();
});

it('tries hourly kinds again like the others, and no kind more often than its cadence (C5) [OPS-4]', async () => {
  await whileDropletsAreSwept();
  await swept('snapshot', 'incomplete', 31);
  for (let n = 0; n < 6; n += 1) await swept('action', 'incomplete', 4 - n / 10);
  expect(await world.due.find()).toEqual([{ kind: 'snapshot', trigger: 'schedule' }]);
});

it('finds a kind overdue after one cadence once lost schedules were restored, because its tick is gone (F) [OPS-4]', async () => {
  await whileDropletsAreSwept();
  await world.database.query(
    `update cloud_sweeps set started_at = started_at - interval '61 seconds', finished_at = finished_at - interval '61 seconds' where kind = 'droplet'`,
  );
  expect(await world.due.find()).toEqual([]);
  expect(await world.due.find({ ticksLost: true })).toMatchObject([{ kind: 'droplet' }]);
});

it('leaves a large account within its share of the token: an incomplete sweep of many calls waits longer (C5) [OPS-1]', async () => {
  await whileDropletsAreSwept();
  await swept('volume', 'incomplete', 300, 501); // 501 calls are a quarter of what the token may do in 24 minutes
  expect(await world.due.find()).toEqual([]);
});

it('tries every kind that an outage made stale again as soon as another sweep is complete, however often it had failed (C5) [TRU-1]', async () => {
  await world.database.query(
    `update cloud_sweeps set started_at = started_at - interval '1 hour', finished_at = finished_at - interval '1 hour'`,
  );
  const stale = ['dns_zone', 'firewall', 'snapshot'];
  for (const kind of [...stale, 'droplet', 'action'])
    for (const secondsAgo of [300, 240, 180, 120, 60, 20]) await swept(kind, 'incomplete', secondsAgo);
  const others = SWEEPS.map(({ kind }) => kind).filter((kind) => ![...stale, 'droplet', 'action'].includes(kind));
  for (const kind of others) await swept(kind, 'incomplete', 10);
  expect(await world.due.find()).toEqual([]);
  await swept('droplet', 'complete', 1);
  const due = await world.due.find();
  expect(due.map(({ kind }) => kind).sort()).toEqual([...stale, ...others, 'action'].sort());
  expect(new Set(due.map(({ trigger }) => trigger))).toEqual(new Set(['schedule']));
});

it('sweeps a kind again after a real outage, and is then as fresh as the others (C5) [TRU-1]', async () => {
  await world.database.query('delete from cloud_sweeps');
  for (const kind of ['droplet', 'dns_zone']) expect(await world.sweep(kind)).toMatchObject({ status: 'complete' });
  await world.database.query(
    `update cloud_sweeps set started_at = started_at - interval '10 minutes', finished_at = finished_at - interval '10 minutes'`,
  );
  await world.simulator.faults([{ id: 'outage', match: { path: '/v2/*' }, effect: { type: 'status', status: 503 } }]);
  expect(await world.sweep('dns_zone')).toMatchObject({ status: 'incomplete' });
  expect((await world.simulator.fired()).outage).toBeGreaterThan(0);
  expect((await world.due.find()).map(({ kind }) => kind)).not.toContain('dns_zone');
  await world.simulator.faults([]);
  await world.database.query(
    `update cloud_sweeps set started_at = started_at - interval '31 seconds', finished_at = finished_at - interval '31 seconds'`,
  );
  expect(await world.due.find()).toContainEqual({ kind: 'dns_zone', trigger: 'schedule' });
});
