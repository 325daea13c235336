import { createTestApp, type TestApp } from '../../support/test-app';

let api: TestApp;

beforeAll(async () => {
  api = await createTestApp();
});
afterAll(() => api.close());

it('serves the API page under a policy that forbids inline scripts and other hosts', async () => {
  const { text, headers } = await api.http().get('/api/docs').expect(200);
  expect(headers['content-security-policy']).toContain("script-src 'self'");
  expect(text).not.toMatch(/<script>|https?:\/\/|\son\w+=/);
  const files = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path ?? '');
  expect(files).toHaveLength(4);
  for (const path of files) await api.http().get(path).expect(200);
  await api.http().get('/api/docs/swagger-ui-es-bundle.js').expect(404);
  await api.http().get('/api/docs/..%2f..%2fpackage.json').expect(404);
});
