import { Catalog } from '#libs/catalog';
import { PriceSettling, type ResourceView } from '#libs/inventory';
import { Client } from 'pg';
import { newWorld, type World } from '../../support/inventory-world';

const ADMIN = { kind: 'platform' } as const;
const PAGE = { limit: 200 };

let world: World;
beforeAll(async () => {
  world = await newWorld({}, {});
  await world.service(Catalog).refresh('provisioning');
  for (const kind of ['droplet', 'volume', 'snapshot', 'floating_ip', 'load_balancer', 'firewall', 'dns_zone', 'project', 'droplet_backup'])
    await world.sweep(kind);
});
afterAll(() => world.close());

const all = async (sort?: 'price' | '-price', limit = 7): Promise<ResourceView[]> => {
  const rows: ResourceView[] = [];
  for (let cursor: string | undefined; ;) {
    const { data, page } = await world.inventory.list(ADMIN, {}, { limit, cursor }, undefined, { sort });
    rows.push(...data);
    if (page.next_cursor === null) return rows;
    cursor = page.next_cursor;
  }
};
const monthlyOf = ({ price }: ResourceView) => (price && 'monthly' in price ? Number(price.monthly) : null);

it('gives every living resource a price or the reason why it has none [PRC-1]', async () => {
  const rows = await all();
  expect(rows.length).toBeGreaterThan(100);
  for (const row of rows) expect(row.price && ('monthly' in row.price || 'unpriced' in row.price)).toBe(true);
  const { droplets, sizes } = (await world.simulator.account()) as unknown as {
    droplets: { id: number; size_slug: string; features: string[]; backup_policy?: { plan: string } }[];
    sizes: { slug: string; price_monthly: number }[];
  };
  for (const droplet of droplets) {
    const row = rows.find(({ kind, provider_id }) => kind === 'droplet' && provider_id === String(droplet.id));
    expect(row && monthlyOf(row)).toBe(sizes.find(({ slug }) => slug === droplet.size_slug)?.price_monthly);
    const plan = droplet.features.includes('backups') ? (droplet.backup_policy?.plan ?? 'weekly') : undefined;
    expect(row?.price && 'backups' in row.price ? row.price.backups?.plan : 'unpriced').toBe(plan);
  }
});

/** As people see it: with the backups. */
const totalOf = (row: ResourceView) => {
  const backups = row.price && 'backups' in row.price ? Number(row.price.backups?.monthly ?? 0) : 0;
  const monthly = monthlyOf(row);
  return monthly === null ? null : Math.round((monthly + backups) * 1e6) / 1e6;
};

it('sorts by price with backups in both directions, with resources without a price last, and repeats none', async () => {
  for (const sort of ['price', '-price'] as const) {
    const rows = await all(sort);
    const monthly = rows.map(totalOf);
    const priced = monthly.filter((one) => one !== null);
    expect(priced).toEqual(priced.toSorted((one, other) => (sort === 'price' ? one - other : other - one)));
    expect(monthly.slice(0, priced.length)).not.toContain(null);
    expect(priced.length).toBeLessThan(rows.length);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
  }
});

it('adds up the prices of the whole filter, with backups, and counts what has no price [PRC-1]', async () => {
  const { totals } = (await world.inventory.list(ADMIN, {}, PAGE, undefined, { totals: true })) as unknown as { totals: unknown };
  const rows = await all();
  const cents = rows.reduce((sum, { price }) => {
    const backups = price && 'backups' in price ? Number(price.backups?.monthly ?? 0) : 0;
    return sum + (price && 'monthly' in price ? Math.round((Number(price.monthly) + backups) * 1e6) : 0);
  }, 0);
  expect(totals).toEqual({
    count: rows.length,
    monthly: expect.any(String),
    unpriced: rows.filter((row) => monthlyOf(row) === null).length,
  });
  expect(Math.round(Number((totals as { monthly: string }).monthly) * 1e6)).toBe(cents);
});

it('keeps the price of an earlier time, and reconstructs it by the event log for rows of an older release', async () => {
  const [row] = (await world.inventory.list(ADMIN, { kind: 'droplet', size_slug: 's-1vcpu-1gb' }, PAGE)).data;
  if (!row) throw new Error('no such droplet');
  const [{ before } = { before: '' }] = await world.database.query<{ before: string }>('select clock_timestamp()::text as before');
  const droplets = await world.simulator.droplets();
  await world.simulator.setDroplets(
    droplets.map((one) => (String(one.id) === row.provider_id ? { ...one, size_slug: 's-2vcpu-4gb' } : one)),
  );
  await world.sweep('droplet');
  const priceAt = async (at?: string) => {
    const { data } = await world.inventory.list(ADMIN, { kind: 'droplet', provider_id: row.provider_id }, PAGE, at);
    return data[0] && monthlyOf(data[0]);
  };
  const history = () =>
    world.database.query(
      'select product, units, valid_from::text, valid_to::text from resource_prices where resource_id = $1 order by valid_from',
      [row.id],
    );
  expect([await priceAt(), await priceAt(new Date(before).toISOString())]).toEqual([24, 6]);
  const recorded = await history();
  expect(recorded).toHaveLength(2);
  const owner = new Client({ connectionString: world.owner.ownerUrl });
  await owner.connect();
  await owner.query('delete from resource_prices where resource_id = $1', [row.id]);
  await owner.end();
  const settling = world.service(PriceSettling);
  expect([await settling.settle(), await settling.settle()]).toEqual([1, 0]);
  expect(await history()).toMatchObject([
    { product: 'droplet:s-1vcpu-1gb', valid_from: '-infinity' },
    { product: 'droplet:s-2vcpu-4gb', valid_to: 'infinity' },
  ]);
});
