import type { Type } from '@nestjs/common';
import { RateAssignments, RateCardService } from '#libs/tenant-billing';
import { newTenancyWorld, type TenancyWorld } from './tenancy-world';
import { ACME_HEADER, ADMIN_HEADER, tenantHeader } from '../../support/principals';

const BECAUSE = { by: { sub: 'ops', role: 'platform_admin' }, reason: 'a test' };
const monthNo = (back: number) =>
  new Date(Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth() - back)).toISOString().slice(0, 7);
const [LAST, NOW] = [monthNo(1), monthNo(0)];

/** A rate learned from an invoice: no tenant may see it, nor 1.2 times of it. */
const BUY = '7919.31';
const CANARIES = [BUY, '9503.172'];

let world: TenancyWorld;
let own: { readonly droplet: string; readonly volume: string };
beforeAll(async () => {
  world = await newTenancyWorld();
  await world.owner.query(`
    delete from rate_overrides;
    update cloud_resources set first_seen_at = now() - interval '200 days', size_slug = case kind when 'droplet' then 's-listed' end;
    insert into provider_catalogue (name, taken_at) values ('offers', now());
    insert into provider_sizes (slug, memory_mb, vcpus, disk_gb, price_monthly, price_hourly, regions, available) values
      ('s-listed', 1024, 1, 25, 11.25, 0.01674, '{fra1}', true), ('s-big', 2048, 2, 50, 20, 0.02976, '{fra1}', true);
    insert into provider_regions (slug, name, available) values ('fra1', 'Frankfurt 1', true);
    insert into provider_images (slug, name, min_disk_gb, regions, status) values ('debian-12-x64', '12 x64', 7, '{fra1}', 'available');
    insert into list_prices (product, source, valid_from, amount, unit, origin) values ('droplet:s-listed', 'observed', '2012-01-01', ${BUY}, 'month', 'an invoice');
    insert into list_prices (product, source, valid_from, amount, hourly, unit, origin) values
      ('droplet:s-listed', 'catalog', '2012-01-01', 11.25, 0.01674, 'month', 'sizes'), ('droplet:s-big', 'catalog', '2012-01-01', 20, 0.02976, 'month', 'sizes');
    insert into resource_prices (resource_id, valid_from, valid_to, product, units, plan)
    select id, '-infinity', 'infinity', case kind when 'droplet' then 'droplet:s-listed' else 'volume' end, case kind when 'droplet' then 1 else 50 end, null
      from cloud_resources;
    insert into cloud_sweeps (account_id, kind, trigger, status, lease_until, started_at)
    select account_id, 'droplet', 'first', 'complete', now(), now() - interval '100 days' from cloud_resources limit 1`);
  const { rows } = await world.owner.query<{ id: string; kind: string }>(
    `select min(id::text) as id, kind from cloud_resources where tenant_id = 'acme' and deleted_at is null group by kind`,
  );
  const idOf = (kind: string) => rows.find((row) => row.kind === kind)?.id ?? '';
  own = { droplet: idOf('droplet'), volume: idOf('volume') };
});
afterAll(() => world.close());

const service = <T>(type: Type<T>) => world.app.get(type, { strict: false });

interface Price {
  readonly monthly: string;
  readonly hourly: string;
  readonly source: string;
  readonly note: string | null;
}
interface Row {
  readonly id: string;
  readonly kind: string;
  readonly price: Price;
}

async function read<T>(header: Record<string, string>, path: string): Promise<T> {
  const { body, status, text } = await world.http().get(`/api/v1/${path}`).set(header);
  expect({ path, status }).toEqual({ path, status: 200 });
  const leaked = CANARIES.filter((canary) => header === ACME_HEADER && text.includes(canary));
  expect({ path, leaked }).toEqual({ path, leaked: [] });
  return body as T;
}

const ORDER = { name: 'web', size_slug: 's-listed', region: 'fra1', image: 'debian-12-x64' };
const plan = (header: Record<string, string>, body: object = {}) =>
  world
    .call('post', '/api/v1/sagas?dry_run=true')
    .set(header)
    .send({ kind: 'provision_droplet', input: ORDER, ...body });

/** The price of one droplet of the size, and what all of a tenant costs, in every answer that has it. */
async function everywhere(header: Record<string, string>) {
  const { data: sizes } = await read<{ data: { slug: string; price: Price }[] }>(header, 'catalog/sizes');
  const { data: rows, totals } = await read<{ data: Row[]; totals: { monthly: string } }>(header, 'inventory?totals=true&limit=200');
  const one = await read<{ data: Row }>(header, `inventory/${rows.find(({ kind }) => kind === 'droplet')?.id}`);
  const { data: kinds } = await read<{ data: { kind: string; monthly: string | null }[] }>(header, 'inventory/kinds');
  const { data: me } = await read<{ data: { usage: { monthly_run_rate: string } | null } }>(header, 'me');
  const planned = (await plan(header).expect(200)).body as { data: { creates: { price: Price }[]; cost: { delta_monthly: string } } };
  const { text: csv } = await world.http().get('/api/v1/inventory.csv?kind=droplet').set(header);
  const ofKind = (kind: string) => Number(kinds.find((one) => one.kind === kind)?.monthly);
  return {
    catalog: sizes.find(({ slug }) => slug === 's-listed')?.price.monthly,
    row: rows.find(({ kind }) => kind === 'droplet')?.price.monthly,
    one: one.data.price.monthly,
    volume: rows.find(({ kind }) => kind === 'volume')?.price.monthly,
    plan: planned.data.creates[0]?.price.monthly,
    delta: planned.data.cost.delta_monthly,
    source: planned.data.creates[0]?.price.source,
    csv: csv.includes('13.50') ? '13.50' : csv.includes('11.25') ? '11.25' : undefined,
    totals: totals.monthly,
    kinds: (ofKind('droplet') + ofKind('volume')).toFixed(2),
    me: me.usage?.monthly_run_rate,
  };
}

async function publish(cardId: string, valid_from: string, rates: Parameters<RateCardService['createVersion']>[1]['rates']): Promise<void> {
  const cards = service(RateCardService);
  const { version } = await cards.createVersion(cardId, { valid_from, rates }, BECAUSE);
  await cards.publish(cardId, version, BECAUSE);
}

it('gives a tenant one unit price in catalog, plan, rows, sums, its run rate and its estimate: list prices before it has a card, then those of the card [TNT-6]', async () => {
  const atList = await everywhere(ACME_HEADER);
  expect(atList).toMatchObject({
    catalog: '11.25',
    row: '11.25',
    one: '11.25',
    plan: '11.25',
    delta: '11.25',
    volume: '5.00',
    csv: '11.25',
  });
  expect(atList).toMatchObject({ source: 'catalog', kinds: atList.totals, me: atList.totals });

  const { id } = await service(RateCardService).create('Plus 20', BECAUSE);
  await publish(id, LAST, [{ model: { type: 'cost_plus', percent: '20' } }]);
  await service(RateAssignments).assign('acme', id, LAST, BECAUSE);
  const sold = await everywhere(ACME_HEADER);
  expect(sold).toMatchObject({ catalog: '13.50', row: '13.50', one: '13.50', plan: '13.50', delta: '13.50', volume: '6.00', csv: '13.50' });
  const all = (Number(atList.totals) * 1.2).toFixed(2);
  expect(sold).toMatchObject({ source: 'rate_card', totals: all, kinds: all, me: all });

  const { data: costs } = await read<{ data: { groups: { resource: string; amount: string }[]; amount: string } }>(
    ACME_HEADER,
    `costs?period=${LAST}&basis=accrued&group_by=resource`,
  );
  const amountOf = (resource: string) => costs.groups.find((group) => group.resource === resource)?.amount;
  expect([amountOf(own.droplet), amountOf(own.volume)]).toEqual(['13.50', '6.00']); // they exist for the whole month
  expect(Number(costs.amount).toFixed(2)).toBe(all);

  expect(await everywhere(tenantHeader('globex'))).toMatchObject({ catalog: '11.25', row: '11.25', plan: '11.25', source: 'catalog' });
  expect((await everywhere(ADMIN_HEADER)).catalog).toBe('11.25');
});

it('sorts and pages by the price that people see, and lets a resource with a price of its own stand where this price belongs', async () => {
  const free = { resource_id: own.droplet, model: { type: 'free' }, valid_from: NOW, reason: 'a gift' };
  const { id } = await service(RateAssignments).createOverride(free, BECAUSE);
  const prices: number[] = [];
  const ids: string[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: { data: Row[]; page: { next_cursor: string | null } } = await read(
      ACME_HEADER,
      `inventory?sort=price&limit=3${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    prices.push(...page.data.map(({ price }) => Number(price.monthly)));
    ids.push(...page.data.map((row) => row.id));
    cursor = page.page.next_cursor;
  }
  await service(RateAssignments).deleteOverride(id, BECAUSE);
  expect(ids[0]).toBe(own.droplet);
  expect([...prices].sort((a, b) => a - b)).toEqual(prices);
  expect(new Set(ids).size).toBe(world.resources.filter(({ tenant, status }) => tenant === 'acme' && status === 'active').length);
});

it('refuses a start by the hash of a plan when the rate card has changed since, and says so where a price depends on the whole month', async () => {
  const { body } = await plan(ACME_HEADER);
  const { plan_hash } = (body as { data: { plan_hash: string } }).data;
  const same = await plan(ACME_HEADER, { plan_hash });
  expect(same.status).toBe(200);
  const { data: cards } = await service(RateCardService).list({ limit: 10 });
  const id = cards.find(({ name }) => name === 'Plus 20')?.id ?? '';
  await publish(id, NOW, [
    { model: { type: 'cost_plus', percent: '50' } },
    { selector: { sku: 's-big' }, model: { type: 'graduated', scope: 'tenant', tiers: [{ up_to: null, per_unit: '1', flat: '0' }] } },
  ]);
  const start = await world.call('post', '/api/v1/sagas').set(ACME_HEADER).send({ kind: 'provision_droplet', input: ORDER, plan_hash });
  expect(start.status).toBe(409);
  expect(JSON.stringify(start.body)).toContain('plan_changed');
  expect(JSON.stringify(start.body)).toContain('16.875');
  const { data: sizes } = await read<{ data: { slug: string; price: Price }[] }>(ACME_HEADER, 'catalog/sizes');
  expect(sizes.find(({ slug }) => slug === 's-big')?.price).toMatchObject({
    monthly: '20.00',
    source: 'catalog',
    note: expect.stringContaining('list price') as string,
  });
});
