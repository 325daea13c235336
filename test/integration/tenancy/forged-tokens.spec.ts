import { until } from '../../support/until';
import { FORGED, GENUINE_ADMIN } from './forged-tokens';
import { documentedOperations, type Operation } from './operations';
import { ADMIN_HEADER, bearer } from '../../support/principals';
import { newTenancyWorld, type TenancyWorld } from './tenancy-world';

let world: TenancyWorld;
let closed: Operation[];

beforeAll(async () => {
  world = await newTenancyWorld();
  closed = (await documentedOperations(world)).filter(({ open }) => !open);
});
afterAll(() => world.close());

const withId = (path: string) => path.replace('{id}', world.resources[0]?.id ?? '');

/** Each route with one of this many forged tokens, and each token on one of this many routes. The next day tries other pairs, a long run all. */
const EVERY = process.env.TEST_LONG ? 1 : 4;
const TODAY = Math.floor(Date.now() / 86_400_000);

it.each(FORGED.map(([what, forged], nth) => [what, forged, nth] as const))(
  'refuses a token %s on the routes [TEN-1]',
  async (_what, forged, nth) => {
    expect(closed.length).toBeGreaterThan(10);
    for (const { method, path } of closed.filter((_route, at) => (at + nth + TODAY) % EVERY === 0)) {
      const call = world.call(method, withId(path)).set('authorization', `Bearer ${forged}`);
      expect((await call.expect(401)).body).toMatchObject({ code: 'unauthenticated' });
    }
  },
);

it('accepts the genuine token from which the forged ones are made [TEN-1]', async () => {
  const { body } = await world.call('get', '/api/v1/inventory').set('authorization', `Bearer ${GENUINE_ADMIN}`).expect(200);
  expect(body).toHaveProperty('data');
});

it.each([[{}], [{ tenantId: '' }], [{ tenantId: ' ' }], [{ roles: ['admin'] }]])(
  'grants no access to a genuine token with the claims %j [TEN-2]',
  async (claims) => {
    for (const { method, path } of closed) {
      const call = world.call(method, withId(path)).set(bearer(claims));
      expect((await call.expect(403)).body).toMatchObject({ code: 'no_scope' });
    }
  },
);

it('refuses a token from the second in which it expires, also when it was accepted before [TEN-1]', async () => {
  const LEEWAY_S = 5; // This is the default of JWT_LEEWAY_S.
  const short = bearer({ roles: ['platform_admin'], ttlS: 3 - LEEWAY_S });
  const status = async (headers: { authorization: string }) => (await world.http().get('/api/v1/inventory').set(headers)).status;
  for (let times = 0; times < 3; times++) expect(await status(short)).toBe(200);
  await until(async () => (await status(short)) === 401);
  expect(await status(ADMIN_HEADER)).toBe(200);
});
