import { Database } from '#libs/database';
import { RateLimitStore, routeLimitOf } from '../../../libs/platform/digitalocean/src/rate-limit.store';
import { aGet, errorOf, newWorld, type World } from '../../support/client-world';
import { testConfig } from '../../support/settings';

const MINUTE_MS = 3_000;
const limits = { ratePerMinute: 250, ratePerHour: 5_000, minuteWindowMs: MINUTE_MS, routeRatePercent: 100 };
const keys = { ...aGet, path: '/v2/account/keys', key: undefined, parse: () => undefined };
const endpoint = { ...keys, path: '/v2/cdn/endpoints/19f06b6a-3ace-4315-b086-499a0e521b76' };

let world: World;
beforeAll(async () => {
  world = await newWorld(limits);
});
afterAll(() => world.close());
beforeEach(async () => {
  await world.reset();
  world.provider.script = () => ({ droplet: { id: 1 } });
});

it.each([
  ['GET', '/v2/account/keys', 'account_keys'],
  ['POST', '/v2/account/keys', undefined],
  ['GET', '/v2/account/keys/512189', undefined],
  ['GET', '/v2/account', undefined],
  ['GET', '/v2/cdn/endpoints', 'cdn_endpoints'],
  ['DELETE', '/v2/cdn/endpoints/1/cache', 'cdn_endpoints'],
  ['GET', '/v2/cdn/endpoints-of-others', undefined],
])('counts %s %s in the limit %s', (method, path, name) => {
  expect(routeLimitOf(method, path)?.name).toBe(name);
});

/** The most calls of a path in any window of this length, by the time of their arrival. */
function mostInAWindow(path: string, windowMs: number): number {
  const times = world.provider.seen.filter(({ url }) => url.pathname === path).map(({ arrivedAtMs }) => arrivedAtMs);
  return Math.max(...times.map((start) => times.filter((ms) => ms >= start && ms < start + windowMs).length));
}

it('keeps each window of a route within its limit over all processes, and no other call waits behind them [OPS-1, KND-3]', async () => {
  const clients = [1, 2, 3].map(() => world.client());
  const startedMs = performance.now();
  const lists = clients.flatMap((client) => Array.from({ length: 8 }, () => client.get(keys)));
  const endpoints = clients.flatMap((client) => Array.from({ length: 3 }, () => client.get(endpoint)));
  await Promise.race(lists);
  await Promise.all(clients.flatMap((client) => Array.from({ length: 20 }, () => client.get(aGet))));
  expect(performance.now() - startedMs).toBeLessThan(MINUTE_MS); // the second ten of the lists have to wait for longer
  await Promise.all([...lists, ...endpoints]);
  expect(world.provider.seen.filter(({ url }) => url.pathname === keys.path)).toHaveLength(24);
  expect(mostInAWindow(keys.path, MINUTE_MS)).toBeLessThanOrEqual(10);
  expect(mostInAWindow(endpoint.path, MINUTE_MS / 6)).toBeLessThanOrEqual(5);
});

it('refuses a call that would wait for too long with the time to retry, and does not make it [KND-3]', async () => {
  const long = { minuteWindowMs: 120_000 };
  await Promise.all(Array.from({ length: 10 }, () => world.client(long).get(keys)));
  const error = await errorOf(world.client(long).get(keys));
  expect(error).toMatchObject({ code: 'provider_budget_exhausted', category: 'rate_limited' });
  expect((error as { retryAfterMs: number }).retryAfterMs).toBeGreaterThan(60_000);
  expect(world.provider.seen).toHaveLength(10);
});

it('uses the share of these limits that is configured [KND-3]', async () => {
  const half = world.client({ routeRatePercent: 50, minuteWindowMs: 120_000 });
  await Promise.all(Array.from({ length: 5 }, () => half.get(keys)));
  expect(await errorOf(half.get(keys))).toMatchObject({ code: 'provider_budget_exhausted' });
});

describe('a full window of a route', () => {
  const TOKEN = 'fingerprint';
  const limit = routeLimitOf('GET', keys.path);
  const base = testConfig();
  let database: Database;
  const storeWith = (own: object) =>
    new RateLimitStore(database, { ...base, provider: { ...base.provider, ...limits, minuteWindowMs: 60_000, ...own } });
  const ask = (store: RateLimitStore, calls: number) => store.acquire(TOKEN, false, Array<number>(calls).fill(30_000), [], limit);
  const report = (store: RateLimitStore, ids: readonly string[], outcome: 'accepted' | 'rejected' | 'failed' | 'limited', waitMs = 0) =>
    store.report(
      TOKEN,
      ids.map((id) => ({ id, outcome, endedAtMs: performance.now(), waitMs })),
    );
  beforeAll(() => {
    database = new Database(testConfig({ DATABASE_URL: world.stored.appUrl }));
  });
  afterAll(() => database.close());

  it('gives out what is left of it, the first callers first, and the time until its next slot [KND-3]', async () => {
    const store = storeWith({});
    const first = await ask(store, 8);
    await report(store, first.ids, 'accepted');
    expect(await ask(store, 5)).toMatchObject({ ids: [expect.any(String), expect.any(String)], refusal: 'budget' });
    const { ids, refusal, waitMs } = await ask(store, 1);
    expect({ ids, refusal }).toEqual({ ids: [], refusal: 'budget' });
    expect(waitMs).toBeGreaterThan(55_000);
    expect(waitMs).toBeLessThanOrEqual(60_000);
  });

  it('takes the longer wait where the limit of the token is used up too [OPS-1, KND-3]', async () => {
    const store = storeWith({ ratePerHour: 12 });
    const others = await store.acquire(TOKEN, true, Array<number>(2).fill(30_000), []);
    await report(store, others.ids, 'accepted');
    const first = await store.acquire(TOKEN, true, Array<number>(10).fill(30_000), [], limit);
    await report(store, first.ids, 'accepted');
    const { waitMs } = await store.acquire(TOKEN, true, [30_000], [], limit);
    expect(waitMs).toBeGreaterThan(55_000); // of the route
    await database.query(`update provider_calls set ends_at = ends_at - interval '59 s' where route_limit is not null`);
    const both = await store.acquire(TOKEN, true, [30_000, 30_000], [], limit);
    expect(both).toMatchObject({ ids: [], refusal: 'budget' });
    expect(both.waitMs).toBeLessThan(2_000); // still of the route
    await database.query(`update provider_calls set ends_at = ends_at - interval '2 s' where route_limit is not null`);
    const later = await store.acquire(TOKEN, true, [30_000], [], limit);
    expect(later).toMatchObject({ ids: [], refusal: 'budget' });
    expect(later.waitMs).toBeGreaterThan(3_400_000); // of the hour
  });

  it('frees the slot of a call that was never made [KND-3]', async () => {
    const store = storeWith({});
    await store.report(
      TOKEN,
      (await ask(store, 10)).ids.map((id) => ({ id, outcome: 'unsent', endedAtMs: performance.now(), waitMs: 0 })),
    );
    expect((await ask(store, 10)).ids).toHaveLength(10);
  });

  it.each([
    { outcome: 'rejected', refusal: 'rejected' },
    { outcome: 'failed', refusal: 'open' },
    { outcome: 'limited', refusal: 'blocked' },
  ] as const)('does not hide that the token is $refusal [INV-7, OPS-2]', async ({ outcome, refusal }) => {
    const store = storeWith({});
    const { ids } = await ask(store, 10);
    await report(store, ids, outcome, 30_000);
    expect(await ask(store, 1)).toMatchObject({ ids: [], refusal });
    await database.query(
      `update provider_calls set ends_at = ends_at - interval '2 min'; update provider_tokens set rejection_probed_at = clock_timestamp()`,
    );
    expect(await ask(store, 1)).toMatchObject({ ids: [], refusal });
  });
});
