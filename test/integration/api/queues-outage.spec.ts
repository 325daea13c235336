import type { NestExpressApplication } from '@nestjs/platform-express';
import request from 'supertest';
import { loadConfig } from '#libs/config';
import { signGuardianToken } from '#libs/identity';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { until } from '../../support/until';
import { createApi } from '../../../apps/api/src/api-app';

const SECRET = 'outage-secret-outage-secret-outage-secret-outage-secret-outage-secret';
const ADMIN = { authorization: `Bearer ${signGuardianToken(SECRET, { sub: 'ops', roles: ['platform_admin'] })}` };
const NOBODY_LISTENS = 'redis://127.0.0.1:1';

let of: TestDatabase;
let app: NestExpressApplication;
const http = () => request(app.getHttpServer());
beforeAll(async () => {
  of = await createTestDatabase();
  const env = { NODE_ENV: 'test', LOG_LEVEL: 'error', JWT_SECRET: SECRET, DATABASE_URL: of.appUrl, REDIS_URL: NOBODY_LISTENS };
  app = await createApi(loadConfig(env));
  await app.listen(0, '127.0.0.1');
});
afterAll(async () => {
  await app.close();
  await of.drop();
});

it('is not ready but serving during an outage of the queues: reads work and starts are accepted [OPS-3]', async () => {
  await until(async () => (await http().get('/api/health/serving')).status === 200, { what: 'serving' });
  const { body: ready } = await http().get('/api/health/ready').expect(503);
  expect(ready).toMatchObject({ code: 'not_ready', checks: { database: 'ok', queues: 'down' } });
  const { body: serving } = await http().get('/api/health/serving').expect(200);
  expect(serving).toEqual({ status: 'serving', checks: { database: 'ok' } });
  await http().get('/api/v1/inventory').set(ADMIN).expect(200);
  const { body: started } = await http()
    .post('/api/v1/sagas')
    .set(ADMIN)
    .send({ kind: 'demo', input: { steps: ['echo'] } })
    .expect(202);
  expect(started).toMatchObject({ data: { kind: 'demo', status: 'pending' } });
});
