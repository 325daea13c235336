import { BOARD_ACTIONS } from '../../../apps/api/src/queue-board/queue-board';
import { ADMIN, boardRoutes, newBoardWorld, OUR_PAGE, TENANT, tokenOf, type BoardWorld, type Method } from './board-world';

const ROUTES = boardRoutes();
const METHODS: readonly Method[] = ['get', 'head', 'post', 'put', 'patch', 'delete', 'options'];
const PATHS = [...new Set([...ROUTES.map(({ path }) => path), '', '/sign-out', '/nothing', '/API/queues', '//api/queues'])];
const ALL_CALLS = PATHS.flatMap((path) => METHODS.map((method) => ({ method, path })));
const isAction = ({ method }: { method: Method }) => method !== 'get' && method !== 'head';

let world: BoardWorld;
beforeAll(async () => {
  world = await newBoardWorld('postgres');
});
afterAll(() => world.close());

it('finds the addresses of the board', () => {
  expect(ROUTES.length).toBeGreaterThanOrEqual(40);
  expect(ROUTES.filter(isAction).length).toBeGreaterThan(15);
});

it('refuses an anonymous caller with 401 and a tenant with 403 on every path and method, and neither sees the board [TEN-7]', async () => {
  for (const { method, path } of ALL_CALLS) {
    const anonymous = await world.call(method, path).set(OUR_PAGE);
    expect({ method, path, status: anonymous.status }).toEqual({ method, path, status: 401 });
    const tenant = await world.call(method, path).set(OUR_PAGE).set(TENANT);
    expect({ method, path, status: tenant.status }).toEqual({ method, path, status: 403 });
    expect(`${anonymous.text} ${tenant.text}`).not.toMatch(/sync-fast|__UI_CONFIG__/);
  }
});

it('serves every page, file and list to a platform admin [TEN-7]', async () => {
  for (const { method, path } of ROUTES.filter((route) => !isAction(route))) {
    const { status, body } = await world.call(method, path).set(ADMIN);
    const isServed = status === 200 || (status === 404 && /JOB_NOT_FOUND/.test(JSON.stringify(body))); // there is no job 1
    expect({ method, path, status, isServed }).toMatchObject({ isServed: true });
  }
});

it('accepts an action only from a page of our own origin, with a header as with a cookie [TEN-7]', async () => {
  const cookie = { cookie: `arcadia_board=${tokenOf()}` };
  const elsewhere = [
    {},
    { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
    { origin: 'null' },
    { origin: 'http://shop.example', 'sec-fetch-site': 'same-site' },
  ];
  for (const { method, path } of ALL_CALLS.filter(isAction)) {
    for (const [at, page] of elsewhere.entries()) {
      const answer = await world
        .call(method, path)
        .set('host', OUR_PAGE.host)
        .set(at % 2 === 0 ? cookie : ADMIN)
        .set(page);
      expect({ method, path, status: answer.status, type: answer.type }).toEqual({
        method,
        path,
        status: 403,
        type: 'application/problem+json',
      });
      expect(answer.body).toMatchObject({ code: 'cross_site_request' });
    }
  }
});

it('allows only the listed actions of the board [TEN-7]', async () => {
  const listed = new Set(Object.keys(BOARD_ACTIONS).map((path) => path.replace(/:queue\b/, 'sync-fast').replace(/:\w+/g, '1')));
  const refused = ROUTES.filter((route) => isAction(route) && !(route.method === 'put' && listed.has(route.path)));
  expect(refused.map(({ path }) => path.split('/').at(-1))).toEqual(
    expect.arrayContaining(['add', 'obliterate', 'update-data', 'remove', 'concurrency', 'rate-limit']),
  );
  for (const { method, path } of refused) {
    const { body, status } = await world.call(method, path).set(OUR_PAGE).set(ADMIN).send({});
    expect({ method, path, status, code: (body as { code?: string }).code }).toEqual({
      method,
      path,
      status: 403,
      code: 'board_action_refused',
    });
  }
});

it.each([
  ['forged with another secret', tokenOf({}, 'x'.repeat(64))],
  ['expired', tokenOf({ ttlS: -60 })],
  ['cut', tokenOf().slice(0, -4)],
  ['no token', 'undefined'],
])('rejects and deletes a cookie that is %s [TEN-7]', async (_what, token) => {
  const answer = await world.call('get', '/api/queues').set('cookie', `arcadia_board=${token}`).expect(401);
  expect(answer.headers['set-cookie']?.[0]).toMatch(/^arcadia_board=;.*Expires=Thu, 01 Jan 1970/);
});

it('accepts the cookie of the board on the board only [TEN-7]', async () => {
  const cookie = `arcadia_board=${tokenOf()}`;
  await world.call('get', '/api/queues').set('cookie', cookie).expect(200);
  const { status } = await world.outside('/api/v1/audit').set('cookie', cookie);
  expect(status).toBe(401);
});

it.each([
  ['a NUL', '%00'],
  ['a NUL inside', 'a%00b'],
  ['half a surrogate pair', '%ED%A0%80'],
  ['a lonely %', '%'],
  ['a name of every object', '__proto__'],
  ['an endless name', 'x'.repeat(5_000)],
])('fails with no server error for an address with %s, and records none with an oversized value [TEN-5]', async (_what, malicious) => {
  const addresses = ROUTES.flatMap(({ method, path }) =>
    [path.replace(/\/1(?=\/|$)/, `/${malicious}`), path.replace('sync-fast', malicious)]
      .filter((one) => one !== path)
      .map((one) => ({ method, path: one })),
  );
  const queries = ['activeQueue', 'status'].map((name) => ({
    method: 'get' as const,
    path: `/api/queues?activeQueue=sync-fast&${name}=${malicious}`,
  }));
  expect(addresses.length).toBeGreaterThan(40);
  for (const { method, path } of [...addresses, ...queries]) {
    const { status } = await world.call(method, path).set(ADMIN).set(OUR_PAGE);
    expect({ method, path, failed: status >= 500 }).toEqual({ method, path, failed: false });
  }
  const { rows } = await world.owner.query('select 1 from audit_log where length(target_id) > 500 or length(details::text) > 1000');
  expect(rows).toEqual([]);
});
