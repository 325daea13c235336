import { CompletenessReader, KindReader } from '#libs/inventory';
import { newWorld, type World } from '../../support/inventory-world';
import { LISTED_PRODUCTS, type ListedProduct } from '../../support/listed-products';

const platform = { kind: 'platform' } as const;
const productOf = (name: string) => LISTED_PRODUCTS[name] as ListedProduct;
const PROJECT = '00000000-0000-4000-8000-00000000000a';
const DATABASE = String(productOf('managed_db').object.id);

describe('the list of a product that the account does not use', () => {
  let world: World;
  const setBack = (kind: string, interval: string) =>
    world.database.query(
      `update cloud_sweeps set started_at = started_at - $2::interval, finished_at = finished_at - $2::interval where kind = $1`,
      [kind, interval],
    );
  const isDue = async (kind: string) => (await world.due.find()).some((due) => due.kind === kind);
  const kindOf = async (kind: string) => (await world.service(KindReader).list(platform)).data.find((row) => row.kind === kind);

  beforeAll(async () => {
    world = await newWorld({}, { empty: true });
    const { projects } = await world.simulator.account();
    await world.simulator.change({ projects: [...projects, { ...projects[0], id: PROJECT, name: 'Fern', is_default: false }] });
    for (const kind of ['droplet', 'managed_db']) await world.sweep(kind);
  });
  afterAll(() => world.close());

  it('is read once a day: no tick and no repair reads it before [KND-3]', async () => {
    expect(await kindOf('managed_db')).toMatchObject({ last_complete_at: expect.any(String) as string });
    expect(await world.sweeps.shouldSkip('managed_db')).toBe(true);
    await setBack('managed_db', '23 hours');
    expect(await world.sweeps.shouldSkip('managed_db')).toBe(true);
    expect(await isDue('managed_db')).toBe(false);
    expect(await kindOf('managed_db')).toMatchObject({ cadence_s: 86_400, status: 'available', count: 0 });
    await setBack('managed_db', '58 minutes');
    expect(await world.sweeps.shouldSkip('managed_db')).toBe(false);
    await setBack('managed_db', '1 hour');
    expect(await isDue('managed_db')).toBe(true);
  });

  it('has no part in the as_of of several kinds, and its own age alone [INV-15]', async () => {
    const complete = world.service(CompletenessReader);
    const { as_of: droplets } = await complete.ofKind('droplet');
    expect((await complete.ofKind(['droplet', 'managed_db'])).as_of).toBe(droplets);
    expect(Date.parse((await complete.ofKind('managed_db')).as_of ?? '')).toBeLessThan(Date.now() - 86_400_000);
  });

  it('is never one that the product needs: an empty list of droplets is read as often as before [KND-3]', async () => {
    await setBack('droplet', '1 hour');
    expect(await world.sweeps.shouldSkip('droplet')).toBe(false);
    expect(await isDue('droplet')).toBe(true);
    expect(await kindOf('droplet')).toMatchObject({ cadence_s: 60 });
  });

  it('is read again as soon as a project lists a resource of it, and stays at its cadence while there is one [KND-3]', async () => {
    expect(await world.sweep('managed_db')).toMatchObject({ status: 'complete', seen: 0 });
    await setBack('managed_db', '1 hour');
    expect(await isDue('managed_db')).toBe(false);
    const database = { ...productOf('managed_db').object, project_id: PROJECT };
    await world.simulator.change({ databases: [database], members: [{ project_id: PROJECT, urn: `do:dbaas:${DATABASE}` }] });
    expect(await world.sweep('project')).toMatchObject({ status: 'complete' });
    expect(await world.sweeps.shouldSkip('managed_db')).toBe(false);
    expect(await isDue('managed_db')).toBe(true);
    expect(await world.sweep('managed_db')).toMatchObject({ status: 'complete', seen: 1 });
    await setBack('managed_db', '1 hour');
    expect(await world.sweeps.shouldSkip('managed_db')).toBe(false);
    expect(await kindOf('managed_db')).toMatchObject({ cadence_s: 900, count: 1 });
  });
});
