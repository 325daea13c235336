import { newTestWorld, type TestWorld } from '../../support/simulator-world';

const MANY = 300;

describe('resources of a control document', () => {
  let world: TestWorld;
  beforeEach(async () => void (world = await newTestWorld({ empty: true })));
  afterEach(() => world.close());

  it.each([
    ['volumes', 'volumes'],
    ['volume_snapshots', 'snapshots'],
    ['images', 'snapshots'],
    ['floating_ips', 'reserved_ips'],
    ['domains', 'domains'],
    ['firewalls', 'firewalls'],
    ['load_balancers', 'load_balancers'],
  ])('accepts %s without any field, makes each one different, and lists them', async (name, list) => {
    const put = await world.control.change({ [name]: Array.from({ length: MANY }, () => ({})) });
    expect(Object.values(put)[0]).toHaveLength(MANY);
    expect(await world.control.account()).toMatchObject(put);
    expect((await world.call('GET', `/v2/${list}?per_page=2`)).body.meta.total).toBe(MANY);
  });
});
