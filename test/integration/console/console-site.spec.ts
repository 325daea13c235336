import type request from 'supertest';
import { CONSOLE_POLICY } from '../../../apps/api/src/console/console-site';
import { signGuardianToken } from '#libs/identity';
import { JWT_SECRET } from '../../support/settings';
import { createTestApp, type TestApp } from '../../support/test-app';

const MAIN = 'https://main.example';
const TENANT = signGuardianToken(JWT_SECRET, { sub: 'tom', tenantId: 'acme' });
const HOST = 'cloud.example';
const OUR_PAGE = { host: HOST, origin: `http://${HOST}`, 'sec-fetch-site': 'same-origin', 'x-arcadia-csrf': '1' };

let api: TestApp;
beforeAll(async () => {
  api = await createTestApp({ CONSOLE_ORIGINS: MAIN });
});
afterAll(() => api.close());

const post = (headers: Record<string, string>, body?: object) => api.http().post('/console/session').set(headers).send(body);
const cookiesOf = (answer: request.Response): string[] => [answer.headers['set-cookie'] ?? []].flat();

it.each([
  ['a header', { authorization: `Bearer ${TENANT}` }, undefined],
  ['a body', {}, { token: TENANT }],
])('turns a token in %s into a session that ends with it, and keeps nothing [TEN-1]', async (_where, headers, body) => {
  const answer = await post({ ...OUR_PAGE, ...headers }, body).expect(200);
  expect(answer.body).toMatchObject({ data: { sub: 'tom', role: 'tenant', tenant_id: 'acme' }, production: false });
  const [cookie = ''] = cookiesOf(answer);
  expect(cookie).toMatch(new RegExp(`^arcadia=${TENANT}; Path=/; Expires=[^;]+; HttpOnly; SameSite=Strict$`));
  const session = await api.http().get('/console/session').set('cookie', `arcadia=${TENANT}`).expect(200);
  expect(session.body).toMatchObject({
    data: { sub: 'tom', expires_at: (answer.body as { data: { expires_at: string } }).data.expires_at },
  });
});

it('says null for nobody, for a session that has ended and for a forged one, and fails none of them [TEN-1]', async () => {
  const ended = signGuardianToken(JWT_SECRET, { sub: 'tom', tenantId: 'acme', ttlS: -60 });
  const forged = signGuardianToken('x'.repeat(64), { sub: 'tom', roles: ['platform_admin'] });
  for (const cookie of ['', `arcadia=${ended}`, `arcadia=${forged}`, 'arcadia=garbage']) {
    const { body, status } = await api.http().get('/console/session').set('cookie', cookie);
    expect({ cookie, status, body: body as unknown }).toEqual({ cookie, status: 200, body: { data: null, production: false } });
  }
});

it('refuses header and cookie together, and a change with the cookie that no page of the console made [TEN-1]', async () => {
  const cookie = `arcadia=${TENANT}`;
  await api
    .http()
    .get('/api/v1/sagas')
    .set({ cookie, authorization: `Bearer ${TENANT}` })
    .expect(401);
  await post({ ...OUR_PAGE, cookie, authorization: `Bearer ${TENANT}` }).expect(401);
  for (const headers of [
    {},
    { ...OUR_PAGE, origin: MAIN },
    { ...OUR_PAGE, 'x-arcadia-csrf': '' },
    { ...OUR_PAGE, 'sec-fetch-site': 'same-site' },
  ]) {
    for (const call of [
      api.http().post('/api/v1/sweeps').send({ kind: 'droplet' }),
      api.http().delete('/console/session'),
      post({}, { token: TENANT }),
    ]) {
      const { body, status } = await call.set({ ...headers, cookie });
      expect({ headers, status, code: (body as { code?: string }).code }).toEqual({ headers, status: 403, code: 'cross_site_request' });
    }
  }
  const { body } = await api
    .http()
    .post('/api/v1/sweeps')
    .set({ ...OUR_PAGE, cookie })
    .send({ kind: 'droplet' })
    .expect(403);
  expect(body).toMatchObject({ code: 'platform_admin_required' }); // so the cookie was accepted
});

it('signs nobody in for another site: it asks, and only for a site that is configured [TEN-1]', async () => {
  const form = (origin: string, token = TENANT) => api.http().post('/console/session').type('form').set('origin', origin).send({ token });
  for (const origin of ['https://evil.example', 'null', `http://${HOST}`]) {
    const { body } = await form(origin).expect(403);
    expect(body).toMatchObject({ code: 'cross_site_request' });
  }
  await form(MAIN, 'garbage"><script>').expect(401);
  const asked = await form(MAIN).expect(200);
  expect(cookiesOf(asked)).toEqual([]);
  expect(asked.text).toContain(`<meta name="arcadia-offer" content="${TENANT}">`);
  expect(asked.headers).toMatchObject({ 'content-security-policy': CONSOLE_POLICY, 'cache-control': 'no-store' });
  await post({ origin: MAIN }, { token: TENANT }).expect(403); // JSON of another site
});

it('signs out, also from a session that has ended', async () => {
  const answer = await api
    .http()
    .delete('/console/session')
    .set({ ...OUR_PAGE, cookie: 'arcadia=ended' })
    .expect(204);
  expect(cookiesOf(answer)[0]).toMatch(/^arcadia=; Path=\/; Expires=Thu, 01 Jan 1970/);
});

it('refuses a token that is too long for a cookie with a sentence', async () => {
  const token = signGuardianToken(JWT_SECRET, {
    sub: 'tom',
    tenantId: 'acme',
    roles: Array.from({ length: 500 }, (_, at) => `role-${at}`),
  });
  const { body } = await post(OUR_PAGE, { token }).expect(400);
  expect(body).toMatchObject({
    code: 'token_too_long',
    detail: expect.stringContaining('sign in with a token that has fewer claims') as string,
  });
});

it('serves one page for every address, stored nowhere, under a policy without inline script or style', async () => {
  for (const path of ['/console', '/console/', '/console/inventory', '/console/resources/01a2290f-e13c-7748-9271-4b7cbbd75209']) {
    const { headers, text } = await api.http().get(path).expect(200);
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'content-security-policy': CONSOLE_POLICY });
    expect(text).toMatch(/^<!doctype html>/);
    expect(text).not.toMatch(/<script(?![^>]* src="\/console\/assets\/)|<style|https?:\/\//);
  }
  expect(CONSOLE_POLICY).not.toMatch(/unsafe|https?:|\*/);
});

it('serves hashed files that a browser keeps, packed where it can unpack them, and no other file', async () => {
  const { text } = await api.http().get('/console/');
  const [, script = ''] = /src="(\/console\/assets\/[\w-]+\.js)"/.exec(text) ?? [];
  const packed = await api.http().get(script).set('accept-encoding', 'gzip').expect(200);
  expect(packed.headers).toMatchObject({
    'cache-control': 'public, max-age=31536000, immutable',
    'content-encoding': 'gzip',
    'content-type': 'text/javascript; charset=utf-8',
  });
  await api
    .http()
    .get(script)
    .set('accept-encoding', 'identity')
    .expect(200)
    .expect('content-type', /javascript/);
  for (const path of ['/console/assets/none.js', '/console/manifest.json', '/console/assets/..%2f..%2fpackage.json', '/console/index.js'])
    await api.http().get(path).expect(404);
});

it('leads a browser from / to the console, and answers any other client as before', async () => {
  await api.http().get('/').set('accept', 'text/html,*/*;q=0.8').expect(303).expect('location', '/console/');
  for (const accept of ['application/json', '*/*']) {
    const { body } = await api.http().get('/').set('accept', accept).expect(404);
    expect(body).toMatchObject({ code: 'route_not_found' });
  }
});
