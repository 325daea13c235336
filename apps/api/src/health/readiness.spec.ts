import type { NestExpressApplication } from '@nestjs/platform-express';
import request from 'supertest';
import { loadConfig } from '#libs/config';
import { Database } from '#libs/database';
import { createApi } from '../api-app';
import { HealthController } from './health.controller';

let app: NestExpressApplication;

beforeAll(async () => {
  const env = { NODE_ENV: 'test', JWT_SECRET: 's'.repeat(64), DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing', LOG_LEVEL: 'error' };
  app = await createApi(loadConfig(env));
  await app.listen(0, '127.0.0.1');
});
afterAll(() => app.close());

it('returns the whole problem of a process that is not ready [OPS-6]', async () => {
  const { body, headers } = await request(app.getHttpServer()).get('/api/health/ready').expect(503);
  expect(body).toEqual({
    type: 'about:blank',
    title: 'Service Unavailable',
    status: 503,
    code: 'not_ready',
    detail: 'The service cannot work at the moment',
    request_id: headers['x-request-id'],
    checks: { database: 'down', queues: 'down' },
  });
});

it('shares one check among concurrent probes [OPS-6]', async () => {
  const ping = jest.spyOn(app.get(Database, { strict: false }), 'ping');
  const readiness = app.get(HealthController, { strict: false });
  await Promise.allSettled(Array.from({ length: 10 }, () => readiness.ready()));
  expect(ping).toHaveBeenCalledTimes(1);
  ping.mockRestore();
});
