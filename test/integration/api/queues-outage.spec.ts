import { createTestDatabase, type TestDatabase } from '../../support/database';
import { ADMIN_HEADER } from '../../support/principals';
import { createTestApp, type TestApp } from '../../support/test-app';

const NOBODY_LISTENS = 'redis://127.0.0.1:1';

let of: TestDatabase;
let api: TestApp;
beforeAll(async () => {
  of = await createTestDatabase();
  api = await createTestApp({ DATABASE_URL: of.appUrl, REDIS_URL: NOBODY_LISTENS });
});
afterAll(async () => {
  await api.close();
  await of.drop();
});

it('is not ready but serving during an outage of the queues: reads work and starts are accepted [OPS-3]', async () => {
  await api.becomes('/api/health/serving', 200);
  const { body: ready } = await api.http().get('/api/health/ready').expect(503);
  expect(ready).toMatchObject({ code: 'not_ready', checks: { database: 'ok', queues: 'down' } });
  const { body: serving } = await api.http().get('/api/health/serving').expect(200);
  expect(serving).toEqual({ status: 'serving', checks: { database: 'ok' } });
  await api.http().get('/api/v1/inventory').set(ADMIN_HEADER).expect(200);
  const { body: started } = await api
    .http()
    .post('/api/v1/sagas')
    .set(ADMIN_HEADER)
    .send({ kind: 'demo', input: { steps: ['echo'] } })
    .expect(202);
  expect(started).toMatchObject({ data: { kind: 'demo', status: 'pending' } });
});
