import { Database } from '#libs/database';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { RateLimitStore, type CallOutcome, type Grant } from '../../../libs/platform/digitalocean/src/rate-limit.store';
import { testConfig } from '../../support/settings';

const TOKEN = 'fingerprint';
const limits = { ratePerMinute: 10, ratePerHour: 100, minuteWindowMs: 60_000, hourWindowMs: 3_600_000, accountCheckMs: 300_000 };

let stored: TestDatabase;
let database: Database;
let store: RateLimitStore;
beforeAll(async () => {
  stored = await createTestDatabase();
  const config = testConfig({ DATABASE_URL: stored.appUrl });
  database = new Database(config);
  store = new RateLimitStore(database, { ...config, provider: { ...config.provider, ...limits } });
});
afterAll(async () => {
  await database.close();
  await stored.drop();
});
beforeEach(async () => {
  await database.query('delete from provider_calls');
  await database.query('delete from provider_tokens');
});

const sync = (calls = 1): Promise<Grant> => ask(false, calls);
const provisioning = (calls = 1): Promise<Grant> => ask(true, calls);
const ask = (first: boolean, calls: number) =>
  store.acquire(
    TOKEN,
    first,
    Array.from({ length: calls }, () => 30_000),
    [],
  );
const ended = (grant: Grant, outcome: CallOutcome, waitMs = 0) =>
  store.report(
    TOKEN,
    grant.ids.map((id) => ({ id, outcome, endedAtMs: performance.now(), waitMs })),
  );
/** Moves the stored times of the token into the past. */
const pass = async (seconds: number) => {
  await database.query(`update provider_calls set granted_at = granted_at - $1 * interval '1 s', ends_at = ends_at - $1 * interval '1 s'`, [
    seconds,
  ]);
  const columns = [
    'rejected_at',
    'rejection_probed_at',
    'blocked_until',
    'open_since',
    'next_probe_at',
    'recovering_since',
    'lent_at',
    'wanted_until',
  ];
  await database.query(`update provider_tokens set ${columns.map((name) => `${name} = ${name} - $1 * interval '1 s'`).join(', ')}`, [
    seconds,
  ]);
};
const useEverything = async () => {
  for (let n = 0; n < 3; n++) {
    await ended(await sync(8), 'accepted');
    await database.query('update provider_tokens set lent_at = null');
  }
};

it('grants four fifths at once and spreads the lent fifth until the next slot comes free [OPS-1]', async () => {
  const first = await sync(8);
  await ended(first, 'accepted');
  await pass(20);
  expect(await sync(5)).toMatchObject({ ids: [expect.any(String)], refusal: 'budget' });
  expect(await sync()).toMatchObject({ ids: [], refusal: 'budget' });
  await pass(39); // 40 s were left for the two lent slots
  expect((await sync()).ids).toHaveLength(1);
  expect(await sync()).toMatchObject({ ids: [], refusal: 'budget' });
  await pass(2);
  expect((await sync(8)).ids).toHaveLength(6); // the two lent ones are still under way
});

it('returns the exact time until the next slot comes free [OPS-1]', async () => {
  await useEverything();
  await pass(45);
  const { ids, waitMs } = await provisioning();
  expect(ids).toEqual([]);
  expect(waitMs).toBeGreaterThan(14_000);
  expect(waitMs).toBeLessThan(15_001);
});

it('keeps free slots for waiting provisioning calls, up to their fifth, in whatever order callers ask [OPS-1]', async () => {
  await useEverything();
  expect((await provisioning(3)).ids).toEqual([]);
  await database.query(
    `update provider_calls set ends_at = ends_at - interval '1 min' where id in (select id from provider_calls order by id limit 2)`,
  );
  expect(await sync(2)).toMatchObject({ ids: [], refusal: 'budget' });
  expect((await provisioning(3)).ids).toHaveLength(2);
  await database.query(
    `update provider_calls set ends_at = ends_at - interval '1 min' where id in (select min(id) from provider_calls where answered and ends_at > now() - interval '1 min')`,
  );
  expect((await sync()).ids).toHaveLength(1); // provisioning used its fifth: from here on first come, first served
});

it('does not keep slots for long for a waiting process that died [OPS-1]', async () => {
  await useEverything();
  expect((await provisioning(2)).ids).toEqual([]);
  await pass(61);
  await database.query(`update provider_calls set ends_at = now() where id in (select id from provider_calls order by id desc limit 9)`);
  expect((await sync()).ids).toHaveLength(1);
});

it('keeps the slot of a call without a response until one window after its time limit [OPS-1]', async () => {
  const { ids } = await provisioning(10);
  expect(ids).toHaveLength(10);
  await pass(89);
  expect((await provisioning()).ids).toEqual([]);
  await pass(2);
  expect((await provisioning(10)).ids).toHaveLength(10);
});

it('frees the slot of a call that was never made, and counts a repeated report once', async () => {
  const grant = await provisioning(10);
  await ended(grant, 'unsent');
  const again = await provisioning(10);
  expect(again.ids).toHaveLength(10);
  await ended(again, 'failed');
  const failures = 'select failures_in_row as n, open_since is not null as open from provider_tokens';
  await ended(again, 'failed');
  expect(await database.query(failures)).toEqual([{ n: 5, open: true }]);
});

it('opens the breaker after five failures in a row of any processes, but not with a response in between [OPS-2]', async () => {
  const calls = await provisioning(10);
  const one = (n: number): Grant => ({ ...calls, ids: calls.ids.slice(n, n + 1) });
  for (let n = 0; n < 4; n++) expect(await ended(one(n), 'failed')).toEqual([]);
  await ended(one(4), 'refused');
  for (let n = 5; n < 9; n++) expect(await ended(one(n), 'failed')).toEqual([]);
  expect(await ended(one(9), 'failed')).toEqual(['breaker_opened']);
  expect(await sync()).toMatchObject({ ids: [], refusal: 'open' });
});

it('grants one probe every quarter of a minute, and responses to calls from before the opening do not close the breaker [OPS-2]', async () => {
  const before = await provisioning(6);
  await ended({ ...before, ids: before.ids.slice(1) }, 'failed');
  await ended({ ...before, ids: before.ids.slice(0, 1) }, 'accepted');
  expect(await sync()).toMatchObject({ refusal: 'open' });
  await pass(15);
  const probe = await sync(3);
  expect(probe).toMatchObject({ ids: [expect.any(String)], refusal: 'open' });
  expect(await provisioning()).toMatchObject({ ids: [], refusal: 'open' });
  expect(await ended(probe, 'accepted')).toEqual(['breaker_recovering']);
  expect(await sync(3)).toMatchObject({ ids: [expect.any(String)], refusal: 'recovering' });
});

it('grants one probe per interval with a rejected token, and only a 2xx of the probe clears the rejection [INV-7]', async () => {
  expect(await ended(await sync(), 'rejected')).toEqual(['token_rejected']);
  expect(await sync()).toMatchObject({ ids: [], refusal: 'rejected' });
  await pass(301);
  const refused = await sync(2);
  expect(refused.ids).toHaveLength(1);
  await ended(refused, 'refused');
  expect(await sync()).toMatchObject({ ids: [], refusal: 'rejected' });
  await pass(301);
  expect(await ended(await sync(), 'accepted')).toEqual(['token_accepted']);
  expect(await sync()).toMatchObject({ refusal: null });
});

it('grants its tables and functions to the service role only', async () => {
  const rows = await database.query<{ grantee: string }>(
    `select distinct grantee from information_schema.role_table_grants where table_name like 'provider\\_%'
     union select grantee from information_schema.role_routine_grants where routine_name like 'provider\\_%'`,
  );
  const owner = decodeURIComponent(new URL(stored.ownerUrl).username);
  expect(rows.map(({ grantee }) => grantee).filter((grantee) => grantee !== owner)).toEqual(['arcadia_service']);
});
