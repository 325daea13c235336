import type { NestExpressApplication } from '@nestjs/platform-express';
import request from 'supertest';
import { loadConfig } from '#libs/config';
import { createApi } from '../../../apps/api/src/api-app';

let app: NestExpressApplication;

beforeAll(async () => {
  const env = { NODE_ENV: 'test', JWT_SECRET: 's'.repeat(64), DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing', LOG_LEVEL: 'error' };
  app = await createApi(loadConfig(env));
  await app.init();
});
afterAll(() => app.close());

const http = () => request(app.getHttpServer());

it('serves the API page under a policy that forbids inline scripts and other hosts', async () => {
  const { text, headers } = await http().get('/api/docs').expect(200);
  expect(headers['content-security-policy']).toContain("script-src 'self'");
  expect(text).not.toMatch(/<script>|https?:\/\/|\son\w+=/);
  const files = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path ?? '');
  expect(files).toHaveLength(4);
  for (const path of files) await http().get(path).expect(200);
  await http().get('/api/docs/swagger-ui-es-bundle.js').expect(404);
  await http().get('/api/docs/..%2f..%2fpackage.json').expect(404);
});
