import { ListPrices } from '#libs/catalog';
import { Database } from '#libs/database';
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

it('finds the rates of five thousand recorded prices within a second, each with the time during which it counts', async () => {
  const database = world.service(Database);
  await database.query(`insert into list_prices (product, source, amount, minimum, valid_from, as_of, unit, origin)
    select 'product ' || product, 'configured', month, 0, timestamptz '2026-01-01' + month * interval '1 month', now(), 'month', 'test'
      from generate_series(1, 1250) product, generate_series(0, 3) month`);
  const rates = await database.transaction(async (tx) => {
    await tx.query(`set local statement_timeout = '1s'`); // a look-up per price took five
    return tx.query(`select amount::int, count(*)::int as products, counts_from::text as since, counts_until::text as until
      from arcadia_rates(true) where product like 'product %' group by amount, counts_from, counts_until order by amount`);
  });
  expect(rates).toEqual([
    { amount: 0, products: 1250, since: '-infinity', until: '2026-02-01 00:00:00+00' },
    { amount: 1, products: 1250, since: '2026-02-01 00:00:00+00', until: '2026-03-01 00:00:00+00' },
    { amount: 2, products: 1250, since: '2026-03-01 00:00:00+00', until: '2026-04-01 00:00:00+00' },
    { amount: 3, products: 1250, since: '2026-04-01 00:00:00+00', until: 'infinity' },
  ]);
});
