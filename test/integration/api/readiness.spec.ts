import { Database } from '#libs/database';
import { createTestApp, type TestApp } from '../../support/test-app';
import { HealthController } from '../../../apps/api/src/health/health.controller';

let api: TestApp;

beforeAll(async () => {
  api = await createTestApp();
});
afterAll(() => api.close());

it('returns the whole problem of a process that is not ready [OPS-6]', async () => {
  const { body, headers } = await api.http().get('/api/health/ready').expect(503);
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
  const ping = jest.spyOn(api.app.get(Database, { strict: false }), 'ping');
  const readiness = api.app.get(HealthController, { strict: false });
  await Promise.allSettled(Array.from({ length: 10 }, () => readiness.ready()));
  expect(ping).toHaveBeenCalledTimes(1);
  ping.mockRestore();
});
