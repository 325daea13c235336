import { PoolService, RateAssignments, RateCardService, RatingService } from '#libs/tenant-billing';
import { RatedMonths } from './rated-months';
import { BECAUSE, newRatingWorld, type RatingWorld } from './rating-world';

let world: RatingWorld;
let months: RatedMonths;
beforeAll(async () => {
  world = await newRatingWorld();
  months = new RatedMonths(world);
});
afterAll(() => world.close());

it('charges a closed tenant no fee, minimum or part of a pool from the month after its end on', async () => {
  const [month, after] = [await months.next(), await months.next()];
  await world.owner.query(`insert into tenants (id, name, source) values ('acme', 'acme', 'admin') on conflict do nothing`);
  await world.owner.query(`insert into tenants (id, name, source, status, closed_at) values ('oak', 'oak', 'admin', 'closed', $1)`, [
    `${month}-10`,
  ]);
  await world.service(PoolService).set(month, [{ pool: 'support', method: 'weighted', weights: { acme: 1, oak: 1 } }], BECAUSE);
  const cards = world.service(RateCardService);
  const card = await cards.create('With a fee', BECAUSE);
  const monthly = { minimum_commitment: '60', recurring_fee: '7' };
  await cards.createVersion(card.id, { valid_from: month, rates: [{ model: { type: 'cost_plus', percent: '0' } }], monthly }, BECAUSE);
  await cards.publish(card.id, 1, BECAUSE);
  await world.service(RateAssignments).assign('oak', card.id, month, BECAUSE);
  const sells = async (of: string) => {
    await world.invoices(of, [{ lines: [{ product: 'Support', kind: 'account', amount: '100.00' }] }]);
    await months.rated(of);
    return (await months.pnl(of)).tenants.map(({ tenant_id, buy_shared, sell }) => [tenant_id, buy_shared, sell]);
  };
  expect(await sells(month)).toEqual([
    ['acme', '50.00', '50.00'],
    ['oak', '50.00', '67.00'], // it was closed within this month
  ]);
  expect(await sells(after)).toEqual([['acme', '100.00', '100.00']]);
  await world.owner.query(`update tenants set status = 'active', closed_at = null where id = 'oak'`);
  expect(await sells(after)).toEqual([['acme', '200.00', '200.00']]); // it was closed in all of this month; the provider has a second invoice
  await world.owner.query(`update tenant_closures set opened_at = $1 where tenant_id = 'oak'`, [`${after}-20`]);
  expect(await sells(after)).toEqual([
    ['acme', '150.00', '150.00'],
    ['oak', '150.00', '157.00'], // it was opened again within this month
  ]);
  await world.owner.query(`update tenants set status = 'closed', closed_at = $1 where id = 'oak'`, [`${month}-10`]);
  expect((await world.service(RatingService).simulate(after, card.id, 1)).map(({ tenant_id }) => tenant_id)).toEqual(['acme']);
});
