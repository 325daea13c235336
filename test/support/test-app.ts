import type { NestExpressApplication } from '@nestjs/platform-express';
import request from 'supertest';
import { createApi } from '../../apps/api/src/api-app';
import { ADMIN_HEADER } from './principals';
import { NO_DATABASE, testConfig } from './settings';
import { until } from './until';

export interface TestApp {
  readonly app: NestExpressApplication;
  readonly http: () => ReturnType<typeof request>;
  /** Resolves when the route returns the status to an administrator. */
  readonly becomes: (path: string, status: number) => Promise<unknown>;
  readonly close: () => Promise<void>;
}

/** The api in this process, listening on a free port. Without `DATABASE_URL` its database cannot be reached. */
export async function createTestApp(env: NodeJS.ProcessEnv = {}): Promise<TestApp> {
  const app: NestExpressApplication = await createApi(testConfig({ DATABASE_URL: NO_DATABASE, ...env }));
  await app.listen(0, '127.0.0.1');
  const http = () => request(app.getHttpServer());
  return {
    app,
    http,
    becomes: (path, status) =>
      until(async () => (await http().get(path).set(ADMIN_HEADER)).status === status, { what: `status ${status} of ${path}` }),
    close: () => app.close(),
  };
}
