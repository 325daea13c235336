import { ProviderError } from '#libs/digitalocean';
import { errorFields } from '#libs/kernel';
import type { FaultRule } from '../../support/simulator-client';
import { until } from '../../support/until';
import { newCatalogWorld, type CatalogWorld } from './catalog-world';

const DAY_MS = 24 * 3_600_000;
const LISTS = ['/v2/sizes', '/v2/regions', '/v2/images', '/v2/images'];
const ORDER = { sizeSlug: 's-1vcpu-1gb', region: 'fra1', image: 'ubuntu-24-04-x64' };

/** The sizes, regions and images that the simulator offers. */
interface Offers {
  sizes: { slug: string; memory: number; vcpus: number; disk: number; regions: string[]; available: boolean; [field: string]: unknown }[];
  regions: { slug: string; name: string; available: boolean; [field: string]: unknown }[];
  images: { slug: string | null; type: string; name: string; min_disk_size: number; regions: string[]; status: string; public: boolean }[];
}

let world: CatalogWorld;
beforeEach(async () => {
  world = await newCatalogWorld();
});
afterEach(() => world.close());

const bySlug = (a: { slug: string | null }, b: { slug: string | null }) => (String(a.slug) < String(b.slug) ? -1 : 1);

async function offers(): Promise<Offers> {
  const { sizes, regions, images } = (await world.simulator.account()) as unknown as Offers;
  return { sizes: sizes.toSorted(bySlug), regions: regions.toSorted(bySlug), images: images.toSorted(bySlug) };
}

/** Both prices of every size by slug, as the digits of the provider's response. JavaScript numbers could lose digits. */
async function writtenPrices(): Promise<Record<string, [string | undefined, string | undefined]>> {
  const headers = { authorization: 'Bearer dop_v1_simulator' };
  const answer = await (await fetch(`${world.simulator.url}/v2/sizes?per_page=200`, { headers })).text();
  const each = answer.split('"slug":"').slice(1);
  const priceIn = (size: string, name: string) => new RegExp(`"${name}":([0-9.]+)`).exec(size)?.[1];
  return Object.fromEntries(each.map((size) => [size.split('"')[0], [priceIn(size, 'price_monthly'), priceIn(size, 'price_hourly')]]));
}

async function expectCopyOfOffers(): Promise<void> {
  const { sizes, regions, images } = await offers();
  const prices = await writtenPrices();
  const stored = await world.database.query(`
    select slug, memory_mb as memory, vcpus, disk_gb as disk, regions, available, array[price_monthly::text, price_hourly::text] as prices
      from provider_sizes order by slug collate "C"`);
  expect(stored).toEqual(
    sizes.map(({ slug, memory, vcpus, disk, regions: offeredIn, available }) => {
      return { slug, memory, vcpus, disk, regions: offeredIn, available, prices: prices[slug] };
    }),
  );
  expect(await world.database.query('select slug, name, available from provider_regions order by slug collate "C"')).toEqual(
    regions.map(({ slug, name, available }) => ({ slug, name, available })),
  );
  expect(
    await world.database.query(
      'select slug, name, min_disk_gb as min_disk_size, regions, status from provider_images order by slug collate "C"',
    ),
  ).toEqual(
    images
      .filter((image) => image.public && image.slug !== null && ['base', 'application'].includes(image.type))
      .map(({ slug, name, min_disk_size, regions: offeredIn, status }) => ({ slug, name, min_disk_size, regions: offeredIn, status })),
  );
}

/** Changes every list, so that a half-replaced copy is detected. The regions no longer fit on one page. */
async function changeOffers(): Promise<void> {
  const { sizes, regions, images } = await offers();
  await world.simulator.change({
    sizes: sizes.filter(({ slug }) => slug !== 's-2vcpu-2gb').map((size) => (size.slug === 'c-2' ? { ...size, price_hourly: 0.07 } : size)),
    regions: [
      ...regions.map((region) => (region.slug === 'sfo2' ? { ...region, available: false } : region)),
      ...Array.from({ length: 200 }, (_, i) => ({ slug: `far${i}`, name: `Far ${i}`, available: true, features: [], sizes: [] })),
    ],
    images: images.filter(({ slug }) => slug !== 'debian-11-x64' && slug !== 'nodejs'),
  });
}

it('stores the provider’s lists with every digit of the prices, and follows their changes', async () => {
  await world.catalog.refresh('provisioning');
  await expectCopyOfOffers();
  expect(await world.catalog.size('s-1vcpu-512mb-10gb')).toMatchObject({
    memoryMb: 512,
    vcpus: 1,
    diskGb: 10,
    priceMonthly: '4',
    priceHourly: '0.00595',
  });
  await changeOffers();
  await world.catalog.refresh('provisioning');
  await expectCopyOfOffers();
  expect(await world.catalog.size('c-2')).toMatchObject({ priceMonthly: '42', priceHourly: '0.07' });
  expect(await world.catalog.size('s-2vcpu-2gb')).toBeUndefined();
});

const SECOND = { path: '/v2/regions' };
const LAST = { path: '/v2/images', query: { type: 'application' } };

it.each<{ name: string; match: FaultRule['match']; effect: FaultRule['effect']; code: string }>([
  { name: 'second list fails', match: SECOND, effect: { type: 'status', status: 500 }, code: 'provider_unavailable' },
  { name: 'second list is cut off', match: SECOND, effect: { type: 'truncate' }, code: 'malformed_answer' },
  {
    name: 'second list loses an item between two pages',
    match: SECOND,
    effect: { type: 'page_shift', body: { total: 'stays' } },
    code: 'incomplete_list',
  },
  {
    name: 'second list changes its total',
    match: SECOND,
    effect: { type: 'page_shift', body: { total: 'drops' } },
    code: 'incomplete_list',
  },
  { name: 'second list is forbidden', match: SECOND, effect: { type: 'status', status: 403 }, code: 'forbidden_by_provider' },
  { name: 'last list is forbidden', match: LAST, effect: { type: 'status', status: 403 }, code: 'forbidden_by_provider' },
])('keeps the old copy when the $name, and lets the next refresh start after a pause [INV-4]', async ({ match, effect, code }) => {
  await world.catalog.refresh('provisioning');
  const before = await world.copy();
  await changeOffers();
  await world.simulator.faults([{ id: 'broken', match, effect }]);
  await expect(world.catalog.refresh('provisioning')).rejects.toMatchObject({ code });
  const once = (await world.simulator.fired()).broken ?? 0;
  expect(once).toBeGreaterThan(0);
  await expect(world.catalog.refreshIfOlderThan(0, 'provisioning')).rejects.toMatchObject({ code });
  expect((await world.simulator.fired()).broken).toBeGreaterThan(once);
  expect(await world.copy()).toEqual(before);
  await world.simulator.faults([]);
  expect(await (await world.another()).refreshIfOlderThan(0, 'provisioning')).toBe(false);
  await endPause();
  expect(await (await world.another()).refreshIfOlderThan(0, 'provisioning')).toBe(true);
  await expectCopyOfOffers();
});

const endPause = () => world.database.query(`update provider_catalogue set next_attempt_at = clock_timestamp()`);
const pauseS = async () => {
  const [row] = await world.database.query<{ s: number | null }>(
    `select round(extract(epoch from next_attempt_at - clock_timestamp()))::int as s from provider_catalogue`,
  );
  return row?.s ?? null;
};

it.each([
  { name: 'an outage', effect: { type: 'status', status: 503 }, pauses: [30, 30, 30, 30] },
  { name: 'a missing scope', effect: { type: 'status', status: 403 }, pauses: [60, 120, 240, 480] },
  {
    name: 'a list that cannot be read',
    effect: { type: 'status', status: 200, body: { regions: 'none', meta: { total: 1 } } },
    pauses: [60, 120, 240, 480],
  },
])('is refreshed again $pauses s after $name, and has no pause once it succeeded (C5, C6) [OPS-2]', async ({ effect, pauses }) => {
  await world.simulator.faults([{ id: 'broken', match: SECOND, effect }]);
  const found: (number | null)[] = [];
  for (const _pause of pauses) {
    await expect(world.catalog.refreshIfOlderThan(DAY_MS, 'provisioning')).rejects.toBeInstanceOf(ProviderError);
    found.push(await pauseS());
    expect(await world.catalog.refreshIfOlderThan(DAY_MS, 'provisioning')).toBe(false);
    await endPause();
  }
  expect(found).toEqual(pauses);
  await world.simulator.faults([]);
  expect(await world.catalog.refreshIfOlderThan(DAY_MS, 'provisioning')).toBe(true);
  expect(await pauseS()).toBeNull();
});

it('takes the sizes that can be read, deletes none, and names list and field of the one that cannot (A3, C6) [INV-4]', async () => {
  await world.catalog.refresh('provisioning');
  await changeOffers();
  const { sizes } = await offers();
  const body = {
    sizes: sizes.map((size) => (size.slug === 's-1vcpu-1gb' ? { ...size, price_hourly: 'free' } : size)),
    links: {},
    meta: { total: sizes.length },
  };
  await world.simulator.faults([{ id: 'odd', match: { path: '/v2/sizes' }, effect: { type: 'status', status: 200, body } }]);
  const error = await world.catalog.refreshIfOlderThan(0, 'provisioning').catch((failure: unknown) => failure);
  expect(errorFields(error)).toMatchObject({
    code: 'incomplete_list',
    path: '/v2/sizes',
    reason: 'unreadable_item',
    unreadable: expect.stringContaining('price_hourly') as string,
  });
  expect(await world.catalog.size('c-2')).toMatchObject({ priceHourly: '0.07' });
  expect(await world.catalog.size('s-1vcpu-1gb')).toMatchObject({ priceMonthly: '6' });
  expect(await world.catalog.size('s-2vcpu-2gb')).toBeDefined(); // no longer listed, but this list is not complete
});

it('has no copy when the first refresh fails', async () => {
  await world.simulator.faults([{ id: 'broken', match: SECOND, effect: { type: 'status', status: 403 } }]);
  await expect(world.catalog.refreshIfOlderThan(DAY_MS, 'provisioning')).rejects.toMatchObject({ code: 'forbidden_by_provider' });
  expect((await world.simulator.fired()).broken).toBe(1);
  expect(await world.catalog.problemsOf(ORDER)).toBeUndefined();
  expect(await world.catalog.size(ORDER.sizeSlug)).toBeUndefined();
});

it('refreshes in only one of two processes, and in none while the copy is recent', async () => {
  const other = await world.another();
  await world.simulator.forgetCalls();
  await world.simulator.faults([{ id: 'slow', match: { path: '/v2/regions' }, effect: { type: 'hold', after: true } }]);
  const first = world.catalog.refreshIfOlderThan(DAY_MS, 'provisioning');
  await until(async () => (await world.simulator.held()) === 1, { what: 'the first refresh running' });
  expect(await other.refreshIfOlderThan(DAY_MS, 'provisioning')).toBe(false);
  expect((await world.simulator.fired()).slow).toBe(1);
  await world.simulator.faults([]);
  expect(await first).toBe(true);
  expect(await other.refreshIfOlderThan(DAY_MS, 'provisioning')).toBe(false);
  const read = (await world.simulator.calls()).map(({ path }) => path).filter((path) => LISTS.includes(path));
  expect(read).toEqual(LISTS);
});

it('refreshes once when two processes start a refresh at the same moment', async () => {
  const other = await world.another();
  await world.simulator.forgetCalls();
  const did = await Promise.all([world.catalog, other].map((each) => each.refreshIfOlderThan(DAY_MS, 'provisioning')));
  expect(did.toSorted((a, b) => Number(a) - Number(b))).toEqual([false, true]);
  expect((await world.simulator.calls()).filter(({ path }) => path === '/v2/sizes')).toHaveLength(1);
  await expectCopyOfOffers();
});

it('writes nothing when its claim has expired and another process has refreshed', async () => {
  const other = await world.another();
  await world.simulator.faults([{ id: 'frozen', match: SECOND, times: 1, effect: { type: 'hold', after: true } }]);
  const late = world.catalog.refreshIfOlderThan(0, 'provisioning');
  await until(async () => (await world.simulator.held()) === 1, { what: 'the late refresh running' });
  await world.database.query(`update provider_catalogue set refreshing_until = clock_timestamp() - interval '1 second'`);
  await changeOffers();
  expect(await other.refreshIfOlderThan(0, 'provisioning')).toBe(true);
  const after = await world.copy();
  await world.simulator.faults([]);
  expect(await late).toBe(false);
  expect(await world.copy()).toEqual(after);
  await expectCopyOfOffers();
});

it('checks an order against the copy without a provider call, and skips the check without a copy [TEN-6]', async () => {
  expect(await world.catalog.problemsOf(ORDER)).toBeUndefined();
  await world.catalog.refresh('provisioning');
  await world.simulator.forgetCalls();
  expect(await world.catalog.problemsOf(ORDER)).toEqual([]);
  expect(await world.catalog.problemsOf({ ...ORDER, image: '183204117' })).toEqual([]);
  expect(await world.catalog.problemsOf({ ...ORDER, region: 'sfo2', sizeSlug: 's-8vcpu-16gb' })).toMatchObject([
    { field: 'size_slug', code: 'not_in_region' },
  ]);
  expect(await world.catalog.problemsOf({ sizeSlug: 's-1vcpu-1g', region: 'fra9', image: 'ubuntu-24-04' })).toEqual([
    { field: 'region', code: 'unknown', detail: 'fra9 is not in the catalog; did you mean fra1?' },
    { field: 'size_slug', code: 'unknown', detail: 's-1vcpu-1g is not in the catalog; did you mean s-1vcpu-1gb?' },
    { field: 'image', code: 'unknown', detail: 'ubuntu-24-04 is not in the catalog; did you mean ubuntu-24-04-x64?' },
  ]);
  expect((await world.simulator.calls()).filter(({ path }) => path.startsWith('/v2/'))).toEqual([]);
});

it('keeps the old copy when a token without the scope gets an empty list', async () => {
  await world.catalog.refresh('provisioning');
  const before = await world.copy();
  await world.simulator.faults([{ id: 'hidden', match: { path: '/v2/sizes' }, effect: { type: 'hide' } }]);
  await expect(world.catalog.refresh('provisioning')).rejects.toMatchObject({ code: 'empty_catalogue' });
  expect(await world.simulator.fired()).toEqual({ hidden: 1 });
  expect(await world.copy()).toEqual(before);
});
