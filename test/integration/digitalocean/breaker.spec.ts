import { setTimeout as delay } from 'node:timers/promises';
import { pagedList, sendJson, type Script } from '../../support/scripted-provider';
import { TOKEN, aCreate, aGet, aList, errorOf, newWorld, readAll, type World } from '../../support/client-world';

const MINUTE_MS = 2_000;
let world: World;
beforeAll(async () => {
  world = await newWorld({ ratePerMinute: 200, ratePerHour: 100_000, minuteWindowMs: MINUTE_MS, accountCheckMs: 1_000 });
});
afterAll(() => world.close());
beforeEach(() => world.reset());

const unavailable: Script = (_request, response) => sendJson(response, 503, { id: 'service_unavailable', message: 'down' });
const available: Script = () => ({ droplet: { id: 1 } });

describe('the circuit breaker during an outage of the provider [OPS-2]', () => {
  it('stops the calls of all processes after five failures in a row and fails them at once with a time to retry', async () => {
    world.provider.script = unavailable;
    await Promise.all([errorOf(world.client().get(aGet)), errorOf(world.client().get(aGet))]);
    const callsBefore = world.provider.seen.length;
    expect(callsBefore).toBeGreaterThanOrEqual(5);
    const startedMs = performance.now();
    const errors = await Promise.all(Array.from({ length: 20 }, () => errorOf(world.client().send(aCreate))));
    expect(performance.now() - startedMs).toBeLessThan(MINUTE_MS / 2);
    const probes = world.provider.seen.length - callsBefore; // on a slow machine the next probe may already be due
    expect(probes).toBeLessThanOrEqual(1);
    const refused = errors.filter((error) => (error as { code: string }).code === 'provider_unavailable');
    expect(refused).toHaveLength(20 - probes);
    for (const error of refused) expect(error).toMatchObject({ status: undefined, retryAfterMs: expect.any(Number) });
    for (const error of refused) expect((error as { retryAfterMs: number }).retryAfterMs).toBeGreaterThan(0);
  });

  it('lets a few probes a minute through, whichever process asks', async () => {
    world.provider.script = unavailable;
    const clients = [world.client(), world.client(), world.client()];
    await Promise.all(clients.map((client) => errorOf(client.get(aGet))));
    const callsBefore = world.provider.seen.length;
    const endMs = performance.now() + 2 * MINUTE_MS;
    let refused = 0;
    while (performance.now() < endMs) {
      await Promise.all(clients.map((client) => errorOf(client.send(aCreate))));
      refused += clients.length;
      await delay(10);
    }
    const probes = world.provider.seen.length - callsBefore;
    expect(refused).toBeGreaterThan(100);
    expect(probes).toBeGreaterThanOrEqual(4);
    expect(probes).toBeLessThanOrEqual(9);
  });

  it('recovers gradually: it releases a backlog step by step and serves it in full', async () => {
    world.provider.script = unavailable;
    await Promise.all([errorOf(world.client().get(aGet)), errorOf(world.client().get(aGet))]);
    world.provider.script = available;
    const client = world.client();
    while (await errorOf(client.get(aGet))) await delay(20);
    await delay(150); // the outcome is reported within 100 ms
    const recoveredMs = performance.now();
    await Promise.all(Array.from({ length: 150 }, () => client.get(aGet)));
    const since = world.provider.seen.map((request) => request.arrivedAtMs - recoveredMs);
    expect(since.filter((ms) => ms > 0 && ms < MINUTE_MS / 4).length).toBeLessThan(30);
    expect(since.filter((ms) => ms > 0)).toHaveLength(150);
  });

  it.each([400, 403, 404, 409, 422])('counts status %i as a response, not as a failure', async (status) => {
    world.provider.script = (_request, response) => sendJson(response, status, { id: 'refused', message: 'no' });
    for (let n = 0; n < 7; n++) await errorOf(world.client().get(aGet));
    expect(world.provider.seen).toHaveLength(7);
  });
});

describe('a rejected token [INV-7]', () => {
  const rejecting: Script = (_request, response) => sendJson(response, 401, { id: 'unauthorized', message: 'Unable to authenticate you.' });

  it('is not used by any process, except for one probe per interval, until a 2xx clears it (F)', async () => {
    world.provider.script = rejecting;
    const rejected = { code: 'token_rejected', category: 'forbidden' };
    const client = world.client();
    await expect(client.get(aGet)).rejects.toMatchObject({ ...rejected, status: 401 });
    await client.beforeApplicationShutdown();
    const another = world.client();
    for (let n = 0; n < 20; n++) await expect(another.get(aGet)).rejects.toMatchObject(rejected);
    expect(world.provider.seen).toHaveLength(1);

    world.provider.script = available;
    while (await errorOf(another.get(aGet))) await delay(50);
    expect(world.provider.seen).toHaveLength(2);
    const [first, probe] = world.provider.seen;
    expect((probe?.arrivedAtMs ?? 0) - (first?.arrivedAtMs ?? 0)).toBeGreaterThan(990);
    await expect(another.get(aGet)).resolves.toBe('1');
  });

  it('does not affect its successor: a rotated token starts without a rejection', async () => {
    world.provider.script = (request, response) =>
      request.headers.authorization?.endsWith(TOKEN) ? rejecting(request, response) : available(request, response);
    let token = TOKEN;
    const client = world.client({ token: () => token });
    const before = client.tokenFingerprint('sync-fast');
    await expect(client.get(aGet)).rejects.toMatchObject({ code: 'token_rejected' });
    await expect(client.get(aGet)).rejects.toMatchObject({ code: 'token_rejected' });
    token = 'dop_v1_rotated';
    await expect(client.get(aGet)).resolves.toBe('1');
    expect(client.tokenFingerprint('sync-fast')).not.toBe(before);
  });

  it('is never stored in the database [TEN-8]', async () => {
    world.provider.script = rejecting;
    const client = world.client();
    await errorOf(client.get(aGet));
    await client.beforeApplicationShutdown();
    const rows = await world.database.query('select to_jsonb(t) as row from provider_tokens t');
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain('dop_v1');
  });
});

describe('a Retry-After header [SAG-19]', () => {
  it.each([
    { name: 'seconds', value: () => '1' },
    { name: 'a date', value: () => new Date(Date.now() + 2_000).toUTCString() },
  ])('in $name stops the calls of all processes for that long, then the read continues', async ({ value }) => {
    world.provider.script = (request, response) => {
      if (world.provider.seen.length > 1) return pagedList('droplets', 1)(request, response);
      return sendJson(response, 429, { id: 'too_many_requests', message: 'API Rate limit exceeded.' }, { 'retry-after': value() });
    };
    const first = readAll(world.client().list(aList()));
    while (world.provider.seen.length === 0) await delay(5);
    await delay(150);
    await Promise.all([first, readAll(world.client().list(aList())), readAll(world.client().list(aList()))]);
    const [limited, ...later] = world.provider.seen.map((request) => request.arrivedAtMs);
    expect(later).toHaveLength(3);
    for (const ms of later) expect(ms - (limited ?? 0)).toBeGreaterThan(980);
  });

  it('is estimated after a 429 that has none', async () => {
    world.provider.script = (_request, response) => sendJson(response, 429, { id: 'too_many_requests', message: 'Too many requests' });
    const error = await errorOf(world.client().send(aCreate));
    expect(error).toMatchObject({ code: 'rate_limited_by_provider', status: 429, retryAfterMs: MINUTE_MS / 4 });
    expect(world.provider.seen).toHaveLength(1);
  });

  it('of more than a minute is reported to the caller, which does not wait for it', async () => {
    world.provider.script = (_request, response) => sendJson(response, 429, { id: 'too_many_requests' }, { 'retry-after': '600' });
    const startedMs = performance.now();
    await expect(world.client().get(aGet)).rejects.toMatchObject({ code: 'rate_limited_by_provider', retryAfterMs: 600_000 });
    await expect(world.client().get(aGet)).rejects.toMatchObject({ code: 'rate_limited_by_provider' });
    expect(performance.now() - startedMs).toBeLessThan(5_000);
    expect(world.provider.seen).toHaveLength(1);
  });
});
