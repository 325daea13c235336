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

it('serves every page of the documentation, with links and pictures that exist, and no script', async () => {
  const first = await api.http().get('/docs').redirects(1).expect(200);
  const names = [...first.text.matchAll(/<li><a href="(\/docs\/[^"]+)"/g)].map(([, path]) => path ?? '');
  expect(names.length).toBeGreaterThan(12);
  const missing: string[] = [];
  const anchors = new Map<string, ReadonlySet<string>>();
  const links: { from: string; path: string; anchor: string | undefined }[] = [];
  for (const name of names) {
    const { text, headers } = await api.http().get(name).expect(200);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(text).not.toMatch(/<script|\son\w+=|href="#"/);
    anchors.set(name, new Set([...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id ?? '')));
    for (const [, target = ''] of text.matchAll(/(?:href|src)="([^"]+)"/g)) {
      const [path = '', anchor] = target.split('#');
      if (!/^https?:/.test(target)) links.push({ from: name, path: path || name, anchor });
    }
  }
  for (const path of new Set(links.map((link) => link.path)))
    if (!anchors.has(path) && (await api.http().get(path)).status >= 400) missing.push(path);
  for (const { from, path, anchor } of links)
    if (anchor && anchors.has(path) && !anchors.get(path)?.has(anchor)) missing.push(`${from}: ${path}#${anchor}`);
  expect(missing).toEqual([]);
  await api.http().get('/docs/..%2fpackage.json').expect(404);
  await api.http().get('/docs/decisions/..%2f..%2fREADME').expect(404);
});
