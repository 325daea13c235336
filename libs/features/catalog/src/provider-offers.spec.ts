import { parseImage, parseRegion, parseSize } from './provider-offers';

const SIZE = {
  slug: 's-1vcpu-1gb',
  memory: 1024,
  vcpus: 1,
  disk: 25,
  transfer: 1,
  price_monthly: 6,
  price_hourly: 0.00893,
  regions: ['fra1'],
  available: true,
  description: 'Basic',
};
const IMAGE = {
  id: 155_133_621,
  name: '24.04 (LTS) x64',
  slug: 'ubuntu-24-04-x64',
  regions: ['fra1'],
  min_disk_size: 7,
  status: 'available',
};

it('reads the fields of a size that the catalog stores', () => {
  expect(parseSize(SIZE)).toEqual({
    slug: 's-1vcpu-1gb',
    memory_mb: 1024,
    vcpus: 1,
    disk_gb: 25,
    price_monthly: '6',
    price_hourly: '0.00893',
    regions: ['fra1'],
    available: true,
  });
});

it.each(['0.00744', '0.00595', '3.39', '2522.16', '0.1', '28444.440000000002'])('keeps every digit of the price %s', (written) => {
  const answer: unknown = JSON.parse(JSON.stringify(SIZE).replace('0.00893', written));
  expect(parseSize(answer).price_hourly).toBe(written);
});

it.each(['slug', 'memory', 'vcpus', 'disk', 'price_monthly', 'price_hourly', 'available'])('rejects a size without %s', (field) => {
  expect(() => parseSize({ ...SIZE, [field]: undefined })).toThrow(expect.objectContaining({ code: 'malformed_answer' }));
});

it('reads whether a region is available', () => {
  const region = { slug: 'sfo2', name: 'San Francisco 2', available: false, features: ['ipv6'], sizes: [] };
  expect(parseRegion(region)).toEqual({ slug: 'sfo2', name: 'San Francisco 2', available: false });
});

it('reads the limits of an image', () => {
  const image = { slug: 'ubuntu-24-04-x64', name: '24.04 (LTS) x64', min_disk_gb: 7, regions: ['fra1'], status: 'available' };
  expect(parseImage(IMAGE)).toEqual({ id: '155133621', image });
});

it('returns the id of an image without a slug, but no image', () => {
  expect(parseImage({ ...IMAGE, slug: null })).toEqual({ id: '155133621', image: null });
});

it('accepts an image with few fields', () => {
  const sparse = { ...IMAGE, name: null, min_disk_size: null, status: undefined };
  expect(parseImage(sparse).image).toMatchObject({ name: 'ubuntu-24-04-x64', min_disk_gb: 0, status: 'available' });
});
