import { ListPrices } from '#libs/catalog';
import { newCatalogWorld, type CatalogWorld } from './catalog-world';

let world: CatalogWorld;
beforeAll(async () => {
  world = await newCatalogWorld();
  await world.catalog.refresh('provisioning');
});
afterAll(() => world.close());

it('prices a droplet from the stored catalog, with its backups, and other products from the configured list', async () => {
  const prices = world.service(ListPrices);
  expect(await prices.ofDroplet('s-1vcpu-1gb', 'weekly')).toMatchObject({
    hourly: '0.00893',
    monthly: '6.00',
    source: 'catalog',
    backups: { plan: 'weekly', monthly: '1.20' },
  });
  expect(await prices.ofDroplet('s-retired')).toEqual({ unpriced: 'unknown_size' });
  expect(await prices.of({ kind: 'volume', gib: 100 })).toMatchObject({ monthly: '10.00', source: 'configured' });
});
