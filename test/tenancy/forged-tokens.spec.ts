import { FORGED, GENUINE_ADMIN } from './forged-tokens';
import { documentedOperations, type Operation } from './operations';
import { bearer, newTenancyWorld, type TenancyWorld } from './tenancy-world';

let world: TenancyWorld;
let closed: Operation[];

beforeAll(async () => {
  world = await newTenancyWorld();
  closed = (await documentedOperations(world)).filter(({ open }) => !open);
});
afterAll(() => world.close());

const withId = (path: string) => path.replace('{id}', world.resources[0]?.id ?? '');

it.each(FORGED)('TEN-1: a token %s is refused on every route', async (_what, forged) => {
  expect(closed.length).toBeGreaterThan(10);
  for (const { method, path } of closed) {
    const call = world.call(method, withId(path)).set('authorization', `Bearer ${forged}`);
    expect((await call.expect(401)).body).toMatchObject({ code: 'unauthenticated' });
  }
});

it('TEN-1: the genuine token that they are made from passes', async () => {
  const { body } = await world.call('get', '/api/v1/inventory').set('authorization', `Bearer ${GENUINE_ADMIN}`).expect(200);
  expect(body).toHaveProperty('data');
});

it.each([[{}], [{ tenantId: '' }], [{ tenantId: ' ' }], [{ roles: ['admin'] }]])(
  'TEN-2: a genuine token with %j reads nothing',
  async (claims) => {
    for (const { method, path } of closed) {
      const call = world.call(method, withId(path)).set(bearer(claims));
      expect((await call.expect(403)).body).toMatchObject({ code: 'no_scope' });
    }
  },
);
