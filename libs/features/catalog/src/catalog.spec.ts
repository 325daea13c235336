import { orderProblems, type KnownOffers, type Order } from './catalog';

const ORDER: Order = { sizeSlug: 's-1vcpu-1gb', region: 'fra1', image: 'ubuntu-24-04-x64' };
const GOOD: KnownOffers = {
  size: { diskGb: 25, regions: ['fra1', 'ams3'], available: true },
  region: { available: true },
  image: { minDiskGb: 7, regions: ['fra1'], status: 'available' },
  slugs: {
    size_slug: ['s-1vcpu-1gb', 's-2vcpu-2gb', 'c-2'],
    region: ['ams3', 'fra1', 'nyc3'],
    image: ['debian-12-x64', 'ubuntu-24-04-x64'],
  },
};
const size = (change: Partial<NonNullable<KnownOffers['size']>>) => ({
  size: { diskGb: 25, regions: ['fra1'], available: true, ...change },
});
const image = (change: Partial<NonNullable<KnownOffers['image']>>) => ({
  image: { minDiskGb: 7, regions: ['fra1'], status: 'available', ...change },
});

/** Field and code of each problem, in order. */
const problemsOf = (order: Partial<Order>, known: Partial<KnownOffers>) =>
  orderProblems({ ...ORDER, ...order }, { ...GOOD, ...known }).map(({ field, code }) => `${field} ${code}`);

it.each<{ name: string; order?: Partial<Order>; known?: Partial<KnownOffers> }>([
  { name: 'the order is valid' },
  { name: 'no image is named', order: { image: undefined }, known: { image: undefined } },
  { name: 'the image is an id', order: { image: '183204117' }, known: { image: undefined } },
  { name: 'the disk is just large enough', known: image({ minDiskGb: 25 }) },
  { name: 'the status is in capitals', known: image({ status: 'AVAILABLE' }) },
])('finds no problem when $name', ({ order = {}, known = {} }) => {
  expect(problemsOf(order, known)).toEqual([]);
});

it.each<{ order?: Partial<Order>; known: Partial<KnownOffers>; problems: string[] }>([
  { known: { region: undefined }, problems: ['region unknown'] },
  { known: { region: { available: false } }, problems: ['region unavailable'] },
  { known: { size: undefined }, problems: ['size_slug unknown'] },
  { known: size({ available: false }), problems: ['size_slug unavailable'] },
  { known: size({ available: false, regions: [] }), problems: ['size_slug unavailable'] },
  { known: size({ regions: ['ams3'] }), problems: ['size_slug not_in_region'] },
  { known: size({ regions: [] }), problems: ['size_slug not_in_region'] },
  { known: { image: undefined }, problems: ['image unknown'] },
  { order: { image: '24-04' }, known: { image: undefined }, problems: ['image unknown'] },
  { known: image({ status: 'retired' }), problems: ['image unavailable'] },
  { known: image({ status: 'NEW', regions: [] }), problems: ['image unavailable'] },
  { known: image({ regions: ['nyc3'] }), problems: ['image not_in_region'] },
  { known: image({ minDiskGb: 26 }), problems: ['image disk_too_small'] },
  { known: image({ regions: ['nyc3'], minDiskGb: 26 }), problems: ['image not_in_region', 'image disk_too_small'] },
])('finds $problems', ({ order = {}, known, problems }) => {
  expect(problemsOf(order, known)).toEqual(problems);
});

it('reports all problems at once, and none that only follows from an unknown field', () => {
  const nothing = { size: undefined, region: undefined, image: undefined };
  expect(problemsOf({}, nothing)).toEqual(['region unknown', 'size_slug unknown', 'image unknown']);
  expect(problemsOf({}, { region: undefined, ...size({ regions: [] }), ...image({ regions: [] }) })).toEqual(['region unknown']);
  expect(problemsOf({}, { size: undefined, ...image({ minDiskGb: 1_000 }) })).toEqual(['size_slug unknown']);
});

it.each<{ order: Partial<Order>; known: Partial<KnownOffers>; detail: string }>([
  {
    order: { sizeSlug: 's-1vcpu-1g' },
    known: { size: undefined },
    detail: 's-1vcpu-1g is not in the catalog; did you mean s-1vcpu-1gb?',
  },
  { order: { region: 'fra2' }, known: { region: undefined }, detail: 'fra2 is not in the catalog; did you mean fra1?' },
  {
    order: { image: 'debian-11-x64' },
    known: { image: undefined },
    detail: 'debian-11-x64 is not in the catalog; did you mean debian-12-x64?',
  },
  {
    order: { sizeSlug: 'c-4' },
    known: { size: undefined, slugs: { ...GOOD.slugs, size_slug: [] } },
    detail: 'c-4 is not in the catalog',
  },
  { order: {}, known: image({ minDiskGb: 40 }), detail: 'ubuntu-24-04-x64 needs a disk of 40 GB, s-1vcpu-1gb has 25' },
])('describes the problem: $detail', ({ order, known, detail }) => {
  expect(orderProblems({ ...ORDER, ...order }, { ...GOOD, ...known }).map((problem) => problem.detail)).toEqual([detail]);
});
