import { prepareQueueSchema } from '#libs/queues';
import { ADMIN_HEADER } from '../../support/principals';
import { TcpProxy } from '../../support/tcp-proxy';
import { createEmptyDatabase, createTestDatabase, migrateAll, type TestDatabase } from '../../support/database';
import { createTestApp, type TestApp } from '../../support/test-app';

let of: TestDatabase;
let line: TcpProxy;
let api: TestApp;

async function start(database: Promise<TestDatabase>): Promise<void> {
  of = await database;
  const through = new URL(of.appUrl);
  line = await TcpProxy.to(Number(through.port), through.hostname);
  through.host = `127.0.0.1:${line.port}`;
  api = await createTestApp({ DATABASE_URL: through.href });
}
afterEach(async () => {
  await api.close();
  await line.end();
  await of.drop();
});

const get = (path: string) => api.http().get(path).set(ADMIN_HEADER);
const list = () => get('/api/v1/inventory');

it('is alive but not ready before the schema exists, and becomes ready by itself [OPS-5]', async () => {
  await start(createEmptyDatabase());
  expect((await get('/api/health').expect(200)).body).toMatchObject({ status: 'ok' });
  const { body } = await get('/api/health/ready').expect(503);
  expect(body).toMatchObject({ code: 'not_ready', checks: { database: expect.stringMatching(/schema_missing|down/) as string } });
  expect((await list().expect(503)).body).toMatchObject({ code: 'not_ready' });
  await migrateAll(of.ownerUrl, of.appUrl);
  await api.becomes('/api/health/ready', 200);
  expect((await list().expect(200)).body).toMatchObject({ data: [], page: { next_cursor: null }, as_of: null });
});

it('returns 503 with Retry-After during a database outage, stays alive, and recovers by itself [OPS-3]', async () => {
  await start(createTestDatabase());
  await prepareQueueSchema(of.ownerUrl);
  await api.becomes('/api/health/ready', 200);
  await list().expect(200);
  line.cut();
  const { body, headers, text } = await list().expect(503);
  expect(body).toMatchObject({ code: 'database_unavailable' });
  expect(Number(headers['retry-after'])).toBeGreaterThan(0);
  expect(text).not.toMatch(/ECONN|127\.0\.0\.1|postgres/); // TEN-10
  expect((await get('/api/health/ready').expect(503)).body).toMatchObject({ checks: { database: 'down', queues: 'down' } });
  expect((await get('/api/health/serving').expect(503)).body).toMatchObject({ checks: { database: 'down' } });
  await get('/api/health').expect(200);
  line.restore();
  await api.becomes('/api/health/ready', 200);
  await list().expect(200);
});
