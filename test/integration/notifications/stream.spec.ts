import type { AddressInfo } from 'node:net';
import { EventLog } from '#libs/events';
import { change } from '../../support/factories';
import { ACME_HEADER, ADMIN_HEADER, bearer, tenantHeader } from '../../support/principals';
import { createTestApp, type TestApp } from '../../support/test-app';
import { until } from '../../support/until';
import { anEvent, NotificationsWorld } from './notifications-world';
import { StreamClient, type StreamedEvent } from './stream-client';

let world: NotificationsWorld;
beforeAll(async () => {
  world = await NotificationsWorld.open();
});
afterAll(() => world.close());

const baseOf = ({ app }: Pick<TestApp, 'app'>) =>
  `http://127.0.0.1:${((app.getHttpServer() as { address(): unknown }).address() as AddressInfo).port}`;
const open = (who: Record<string, string> = ADMIN_HEADER, query = '', from?: string) => StreamClient.open(baseOf(world), who, query, from);
const names = (events: readonly StreamedEvent[]) => events.map(({ data }) => data.subject.name);
const BIG = 'x'.repeat(20_000);

it('streams each event to those who may read it, as it is committed, in the view of the reader [EVT-1, EVT-2]', async () => {
  const [all, acme, birch, types] = await Promise.all([
    open(),
    open(ACME_HEADER),
    open(tenantHeader('birch')),
    open(ADMIN_HEADER, '?type=saga.failed'),
  ]);
  for (const client of [all, acme, birch, types]) client?.read();
  await world.happen(
    anEvent('acme', 'one'),
    anEvent('birch', 'two'),
    anEvent(null, 'three'),
    anEvent('acme', 'four', { type: 'saga.failed' }),
  );
  await all.reached(4);
  await acme.reached(2);
  expect(names(all.events)).toEqual(['one', 'two', 'three', 'four']);
  expect(names(acme.events)).toEqual(['one', 'four']);
  expect(acme.events[0]).toMatchObject({ event: 'tenant.changed', data: { tenant_id: 'acme', actor: 'operator' } });
  expect(all.events[0]?.data).toMatchObject({ actor: 'ada' });
  expect(names(await birch.reached(1))).toEqual(['two']);
  expect(names(await types.reached(1))).toEqual(['four']);
  const listed = await world.get<{ sequence: number }[]>(`events?after=${(all.events[0]?.id ?? 0) - 1}`);
  expect(all.events.map(({ data }) => data)).toEqual(listed);
  const last = all.events.at(-1)?.id ?? Infinity;
  await until(() => birch.heartbeats > 0 && Number(birch.lastId) >= last, {
    what: 'a heartbeat with the place in the feed',
    withinMs: 5_000,
  });
  for (const client of [all, acme, birch, types]) client?.close();
});

it('costs one listening connection, however many streams are open [EVT-1]', async () => {
  const clients = await Promise.all(Array.from({ length: 30 }, () => open()));
  for (const client of clients) client.read();
  await world.happen(anEvent('acme', 'for thirty'));
  for (const client of clients) expect(names(await client.reached(1))).toEqual(['for thirty']);
  const { rows } = await world.owner.query(
    `select 1 from pg_stat_activity where datname = current_database() and application_name = 'arcadia-cloud events'`,
  );
  expect(rows).toHaveLength(1);
  for (const client of clients) client.close();
});

it('goes on where the reader was: nothing is missing or repeated over restarts of the api, while events are committed [EVT-1]', async () => {
  const restarts = process.env.TEST_LONG ? 50 : 3;
  const readers = [
    { who: ADMIN_HEADER, query: '' },
    { who: ACME_HEADER, query: '' },
    { who: ADMIN_HEADER, query: '?tenant_id=birch' },
    ...(process.env.TEST_LONG ? Array.from({ length: 15 }, () => ({ who: ACME_HEADER, query: '?type=tenant.changed' })) : []),
  ].map((reader) => ({ ...reader, seen: [] as number[], from: undefined as string | undefined }));
  const [newest] = (await world.get<{ sequence: number }[]>('events?limit=200')).slice(-1);
  const start = newest?.sequence ?? 0;
  for (const reader of readers) reader.from = String(start);
  const writing = { goesOn: true };
  let written = 0;
  const writer = (async () => {
    while (writing.goesOn) {
      const events = Array.from({ length: 5 }, (_, nth) => anEvent(nth % 2 === 0 ? 'acme' : 'birch', `event ${(written += 1)}`));
      await world.database.transaction((tx) => world.service(EventLog).append(tx, events));
      await world.number();
    }
  })();
  for (let nth = 0; nth < restarts; nth += 1) {
    const api = await createTestApp(world.env);
    await api.becomes('/api/health/ready', 200);
    const clients = await Promise.all(
      readers.map(async ({ who, query, from }) => (await StreamClient.open(baseOf(api), who, query, from)).read()),
    );
    await Promise.all(clients.map((client) => client.reached(20)));
    if (nth === restarts - 1) {
      writing.goesOn = false;
      await writer;
      await Promise.all(clients.map((client) => until(() => Number(client.lastId) >= start + written, { what: 'the end of the feed' })));
    }
    const endsAtMs = performance.now();
    const closed = api.close();
    await Promise.all(clients.map((client) => client.end()));
    expect(performance.now() - endsAtMs).toBeLessThan(2_000); // at once, whatever else the process still has to do
    await closed;
    for (const [at, client] of clients.entries()) {
      const reader = readers[at];
      if (!reader) continue;
      reader.seen.push(...client.events.map(({ id }) => id));
      reader.from = client.lastId;
    }
  }
  const expected = async (query: string, who: Record<string, string>) => {
    const found: number[] = [];
    for (let after = start; ;) {
      const page = await world
        .http()
        .get(`/api/v1/events?after=${after}&limit=200${query.replace('?', '&')}`)
        .set(who)
        .expect(200);
      const rows = (page.body as { data: { sequence: number }[] }).data;
      found.push(...rows.map(({ sequence }) => sequence));
      if (rows.length === 0) return found;
      after = found.at(-1) ?? after;
    }
  };
  for (const { seen, query, who } of readers) expect(seen).toEqual(await expected(query, who));
  expect(readers[0]?.seen.length).toBe(written);
}, 600_000);

it('ends a stream whose reader takes nothing, keeps nothing for it, and serves the others meanwhile', async () => {
  const slow = await open(ACME_HEADER); // never reads
  const fast = (await open(ACME_HEADER)).read();
  const heapBefore = process.memoryUsage().external;
  for (let nth = 0; nth < 25; nth += 1)
    await world.happen(...Array.from({ length: 40 }, () => anEvent('acme', 'big', { data: { text: BIG } })));
  await fast.reached(1_000);
  expect(process.memoryUsage().external - heapBefore).toBeLessThan(60_000_000);
  slow.answer.on('data', () => undefined); // finds out that the service has ended it
  await slow.end();
  expect(fast.ended).toBe(false);
  fast.close();
});

it('ends with its token, and with the tenant [TEN-1, TNT-1]', async () => {
  const short = (await open(bearer({ sub: 'x', tenantId: 'acme', ttlS: 2 }))).read();
  await short.end();
  expect(short.reason).toBe('token_expired');
  const closing = (await open(tenantHeader('carol'))).read();
  const other = (await open(ACME_HEADER)).read();
  await change(world.owner, 'tenants', 'carol', { status: 'closed', closed_at: new Date() });
  await closing.end();
  expect({ reason: closing.reason, other: other.ended }).toEqual({ reason: 'tenant_closed', other: false });
  expect((await open(tenantHeader('carol'))).answer.statusCode).toBe(403);
  other.close();
});

it('refuses more than 20 streams of a tenant until one ends, and no other tenant meanwhile', async () => {
  const clients = await Promise.all(Array.from({ length: 20 }, () => open(tenantHeader('dora'))));
  const refused = await world.http().get('/api/v1/events/stream').set(tenantHeader('dora')).expect(429);
  expect(refused.body).toMatchObject({ code: 'too_many_streams' });
  const other = await open(tenantHeader('emil'));
  expect(other.answer.statusCode).toBe(200);
  clients[0]?.close();
  await until(async () => {
    const again = await open(tenantHeader('dora'));
    again.close();
    return again.answer.statusCode === 200;
  });
  for (const client of [...clients, other]) client.close();
});

it('counts the streams of a tenant over all api processes, and those of a dead one until its lease has lapsed [EVT-1]', async () => {
  const who = tenantHeader('fay');
  const second = await createTestApp(world.env);
  await second.becomes('/api/health/ready', 200);
  const statuses: (number | undefined)[] = [];
  const openAt = async (base: string) => {
    const client = await StreamClient.open(base, who);
    statuses.push(client.answer.statusCode);
    return client.answer.statusCode === 200 ? client.read() : (client.close(), undefined);
  };
  const opened = await Promise.all(Array.from({ length: 30 }, (_, nth) => openAt(nth % 2 === 0 ? baseOf(world) : baseOf(second))));
  const clients = opened.flatMap((client) => client ?? []);
  expect([200, 429].map((status) => statuses.filter((given) => given === status).length)).toEqual([20, 10]);
  for (const api of [world, second]) expect(await openAt(baseOf(api))).toBeUndefined();
  await world.owner.query(
    `insert into event_stream_processes values (gen_random_uuid(), now() + '1 hour', array_fill('gil'::text, array[19]))`,
  );
  const gil = await Promise.all(Array.from({ length: 3 }, () => StreamClient.open(baseOf(second), tenantHeader('gil'))));
  expect(gil.filter(({ answer }) => answer.statusCode === 429)).toHaveLength(2);
  await world.owner.query(
    `update event_stream_processes set lease_until = now() - interval '1 second' where 'gil' = any (tenants) and cardinality(tenants) = 19`,
  );
  const again = await StreamClient.open(baseOf(world), tenantHeader('gil'));
  expect(again.answer.statusCode).toBe(200);
  for (const client of [...gil, again]) client.close();
  await second.close(); // its streams end, and its places are free
  const ofSecond = opened.filter((client, nth) => client && nth % 2 === 1);
  for (const client of ofSecond) await client?.end();
  const more = await Promise.all(Array.from({ length: 20 }, () => openAt(baseOf(world))));
  expect(more.filter((client) => client !== undefined)).toHaveLength(ofSecond.length);
  for (const client of [...clients, ...more]) client?.close();
});

it.each(['x', '-1', '1.5', '99999999999999999'])('refuses Last-Event-ID %s', async (from) => {
  const { body } = await world.http().get('/api/v1/events/stream').set(ADMIN_HEADER).set('last-event-id', from).expect(400);
  expect(body).toMatchObject({ code: 'validation_failed', errors: [{ field: 'Last-Event-ID' }] });
});
