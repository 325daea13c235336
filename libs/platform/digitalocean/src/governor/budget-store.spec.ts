import { loadConfig } from '#libs/config';
import { Database } from '#libs/database';
import { createTestDatabase, type TestDatabase } from '../../../../../test/setup/database';
import { RateLimitStore, type Grant } from './budget-store';
import type { CallOutcome } from './call-outcome';

const TOKEN = 'fingerprint';
const limits = { ratePerMinute: 10, ratePerHour: 100, minuteWindowMs: 60_000, hourWindowMs: 3_600_000, accountCheckMs: 300_000 };

let stored: TestDatabase;
let database: Database;
let budget: RateLimitStore;
beforeAll(async () => {
  stored = await createTestDatabase();
  database = new Database(loadConfig({ DATABASE_URL: stored.appUrl, JWT_SECRET: 's'.repeat(64) }));
  budget = new RateLimitStore(database, limits);
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
  budget.acquire(
    TOKEN,
    first,
    Array.from({ length: calls }, () => 30_000),
    [],
  );
const ended = (grant: Grant, outcome: CallOutcome, waitMs = 0) =>
  budget.report(
    TOKEN,
    grant.ids.map((id) => ({ id, outcome, endedAtMs: performance.now(), waitMs })),
  );
/** Lets time pass for what the database remembers of the token. */
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

it('OPS-1: grants four fifths at once and spreads the lent fifth until the next slot comes free', async () => {
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

it('OPS-1: says exactly when the next slot comes free', async () => {
  await useEverything();
  await pass(45);
  const { ids, waitMs } = await provisioning();
  expect(ids).toEqual([]);
  expect(waitMs).toBeGreaterThan(14_000);
  expect(waitMs).toBeLessThan(15_001);
});

it('OPS-1: keeps free slots for provisioning that waits, up to its fifth, whoever asks first', async () => {
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
  expect((await sync()).ids).toHaveLength(1); // provisioning has its fifth: from here on first come, first served
});

it('OPS-1: a waiter that died keeps nothing for long', async () => {
  await useEverything();
  expect((await provisioning(2)).ids).toEqual([]);
  await pass(61);
  await database.query(`update provider_calls set ends_at = now() where id in (select id from provider_calls order by id desc limit 9)`);
  expect((await sync()).ids).toHaveLength(1);
});

it('OPS-1: a call without an answer holds its slot until a window after its time limit', async () => {
  const { ids } = await provisioning(10);
  expect(ids).toHaveLength(10);
  await pass(89);
  expect((await provisioning()).ids).toEqual([]);
  await pass(2);
  expect((await provisioning(10)).ids).toHaveLength(10);
});

it('a call that was never made gives its slot back, and a report that comes twice counts once', async () => {
  const grant = await provisioning(10);
  await ended(grant, 'unsent');
  const again = await provisioning(10);
  expect(again.ids).toHaveLength(10);
  await ended(again, 'failed');
  const failures = 'select failures_in_row as n, open_since is not null as open from provider_tokens';
  await ended(again, 'failed');
  expect(await database.query(failures)).toEqual([{ n: 5, open: true }]);
});

it('OPS-2: opens after five failures in a row, of whatever process, and not when an answer came in between', async () => {
  const calls = await provisioning(10);
  const one = (n: number): Grant => ({ ...calls, ids: calls.ids.slice(n, n + 1) });
  for (let n = 0; n < 4; n++) expect(await ended(one(n), 'failed')).toEqual([]);
  await ended(one(4), 'refused');
  for (let n = 5; n < 9; n++) expect(await ended(one(n), 'failed')).toEqual([]);
  expect(await ended(one(9), 'failed')).toEqual(['breaker_opened']);
  expect(await sync()).toMatchObject({ ids: [], refusal: 'open' });
});

it('OPS-2: one probe every quarter of a minute; answers to calls from before the opening close nothing', async () => {
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

it('INV-7: one probe per interval with a rejected token; only its 2xx clears it', async () => {
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

it('is closed to every other role', async () => {
  const rows = await database.query<{ grantee: string }>(
    `select distinct grantee from information_schema.role_table_grants where table_name like 'provider\\_%'
     union select grantee from information_schema.role_routine_grants where routine_name like 'provider\\_%'`,
  );
  const owner = decodeURIComponent(new URL(stored.ownerUrl).username);
  expect(rows.map(({ grantee }) => grantee).filter((grantee) => grantee !== owner)).toEqual(['arcadia_service']);
});
