import { ADMIN, newBoardWorld, OUR_PAGE, TENANT, tokenOf, type BoardWorld } from './board-world';

const BROWSER = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
const cookieOf = (headers: Record<string, unknown>): string => String((headers['set-cookie'] as string[] | undefined)?.[0]);

describe('a browser', () => {
  let world: BoardWorld;
  beforeAll(async () => {
    world = await newBoardWorld('postgres');
  });
  afterAll(() => world.close());

  const signIn = (token: string, page: Record<string, string> = OUR_PAGE) =>
    world.call('post', '/sign-in').set(BROWSER).set(page).type('form').send({ token });

  it.each(['', '/', '/queue/sync-fast', '/nothing', '/sign-out'])(
    'is asked to sign in when it has no session, at %j [TEN-7]',
    async (path) => {
      const { text, headers } = await world.call('get', path).set(BROWSER).expect(401).expect('content-type', /html/);
      expect(text).toContain('<form method="post" action="/admin/queues/sign-in">');
      expect(headers['content-security-policy']).toMatch(/default-src 'none'.*form-action 'self'/);
      expect(text).not.toMatch(/<script|https?:/);
      expect(text).not.toContain('class="problem"'); // (D5) nothing was refused yet
    },
  );

  it('exchanges a token for a cookie that expires with it, and is signed in [TEN-7]', async () => {
    const { headers } = await signIn(tokenOf({ ttlS: 600 }))
      .expect(303)
      .expect('location', '/admin/queues/');
    const cookie = cookieOf(headers);
    expect(cookie).toMatch(/; Path=\/admin\/queues;.*HttpOnly; SameSite=Strict$/);
    const ends = Date.parse(/Expires=([^;]+)/.exec(cookie)?.[1] ?? '');
    expect(Math.abs(ends - Date.now() - 600_000)).toBeLessThan(3_000);
    const session = { cookie: cookie.split(';')[0] ?? '' };
    for (const guess of ['/schedulers', '/jobs'])
      await world.call('get', guess).set(BROWSER).set(session).expect(303).expect('location', '/admin/queues/');
    const { text } = await world.call('get', '/').set(BROWSER).set(session).expect(200);
    expect(text).toContain('__UI_CONFIG__');
    await world.call('get', '/api/queues').set(session).expect(200);
    await world.call('put', '/api/queues/sync-fast/pause').set(session).set(OUR_PAGE).expect(200);
    await world.call('put', '/api/queues/sync-fast/resume').set(session).set(OUR_PAGE).expect(200);
  });

  it('says on each button of the board whose action is refused that it is not allowed (D5) [TEN-7]', async () => {
    const { body } = await world.call('get', '/static/locales/en-US/messages.json').set(ADMIN).expect(200);
    const { JOB, QUEUE, SCHEDULERS } = body as Record<string, { readonly ACTIONS: Readonly<Record<string, string>> }>;
    expect(JOB?.ACTIONS).toMatchObject({ DUPLICATE: 'Duplicate (not allowed here)', RETRY: 'Retry', PROMOTE: 'Promote', CLEAN: 'Clean' });
    expect(QUEUE?.ACTIONS).toMatchObject({ OBLITERATE: 'Obliterate (not allowed here)', PAUSE: 'Pause', EMPTY: 'Empty' });
    expect(SCHEDULERS?.ACTIONS).toMatchObject({ EDIT: 'Edit schedule (not allowed here)', RUN: 'Run now' });
    await world.call('get', '/static/locales/xx-XX/messages.json').set(ADMIN).expect(404);
  });

  it('signs out and deletes the cookie [TEN-7]', async () => {
    const session = { cookie: `arcadia_board=${tokenOf({ sub: '<b>"olga"</b>' })}` };
    const page = await world.call('get', '/sign-out').set(BROWSER).set(session).expect(200);
    expect(page.text).toContain('&#60;b&#62;&#34;olga&#34;&#60;/b&#62;');
    expect(page.text).not.toContain('<b>"olga"');
    const { headers } = await world.call('post', '/sign-out').set(BROWSER).set(session).set(OUR_PAGE).expect(303);
    expect(cookieOf(headers)).toMatch(/^arcadia_board=; Path=\/admin\/queues; Expires=Thu, 01 Jan 1970/);
  });

  it.each([
    ['nothing', '', 401],
    ['nonsense', '<script>alert(1)</script>', 401],
    ['an expired token', tokenOf({ ttlS: -60 }), 401],
    ['a token that no cookie can hold', tokenOf({ sub: 'x', roles: ['platform_admin', 'x'.repeat(4_000)] }), 401],
    ["a tenant's token", tokenOf({ roles: [], tenantId: 'acme' }), 403],
    ['a token without a scope', tokenOf({ roles: [] }), 403],
  ])('stays signed out with %s [TEN-7]', async (_what, token, status) => {
    const { headers, text } = await signIn(token).expect(status).expect('content-type', /html/);
    expect(headers['set-cookie']).toBeUndefined();
    expect(text).toContain('name="token"');
    expect(text).not.toContain(token || 'value=');
  });

  it('cannot be signed in by another site [TEN-7]', async () => {
    const answer = await signIn(tokenOf(), { origin: 'https://evil.example' }).expect(403);
    expect(answer.body).toMatchObject({ code: 'cross_site_request' });
    expect(answer.headers['set-cookie']).toBeUndefined();
  });

  it('gets 403 and a page with the reason when it sends a tenant’s header [TEN-7]', async () => {
    const { text } = await world.call('get', '/').set(BROWSER).set(TENANT).expect(403).expect('content-type', /html/);
    expect(text).toContain('Only platform admins may do this; send the token of one');
  });

  it('loads nothing of the board from elsewhere, under a policy that allows no more than needed', async () => {
    const { text, headers } = await world.call('get', '/').set(BROWSER).set(ADMIN).expect(200);
    const urls = [...text.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, url]) => url ?? '');
    expect(urls.filter((url) => /^(https?:)?\/\//.test(url))).toEqual([]);
    for (const url of urls.filter((url) => url.startsWith('static/'))) await world.call('get', `/${url}`).set(ADMIN).expect(200);
    const policy = String(headers['content-security-policy']);
    expect(policy).toMatch(/^default-src 'none'; script-src 'self'; /);
    expect(policy).not.toMatch(/https?:|\*|unsafe-eval|script-src[^;]*unsafe/);
    expect(text.match(/<script(?![^>]*\bsrc=)(?![^>]*application\/json)/g)).toBeNull(); // none that the policy would block
    expect(headers).not.toHaveProperty('x-powered-by');
    expect(headers['cache-control']).toBe('no-store');
  });
});

it('sends the cookie over TLS only in production [TEN-7]', async () => {
  const world = await newBoardWorld('postgres', { NODE_ENV: 'production', HOST: '127.0.0.1' });
  try {
    const { headers } = await world.call('post', '/sign-in').set(OUR_PAGE).type('form').send({ token: tokenOf() }).expect(303);
    expect(cookieOf(headers)).toMatch(/; HttpOnly; Secure; SameSite=Strict$/);
  } finally {
    await world.close();
  }
});
