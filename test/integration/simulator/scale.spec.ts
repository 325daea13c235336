import { newTestWorld, type TestWorld } from '../../support/simulator-world';

const ROUNDS = 40;
/** One item of a list costs about the same in both accounts; a scan per request would be at least ten times as slow. */
const MAX_RATIO = 4;

describe('an account of 100,000 droplets beside one of 600', () => {
  let large: TestWorld;
  let small: TestWorld;
  beforeAll(async () => {
    large = await newTestWorld({ scale: 100_000 / 60 });
    small = await newTestWorld({ scale: 10 });
    for (const { control } of [large, small]) await control.allow({ per_minute: 100_000, per_hour: 100_000 });
  });
  afterAll(() => Promise.all([large.close(), small.close()]));

  const timeMs = async (world: TestWorld, method: string, path: string, body?: object): Promise<number> => {
    const start = performance.now();
    expect((await world.call(method, path, body)).status).toBeLessThan(300);
    return performance.now() - start;
  };
  const median = (times: number[]): number => times.sort((one, other) => one - other)[ROUNDS / 2] ?? Infinity;

  /** Measured in turns, so that other load on the machine slows both accounts alike. */
  const ratioOf = async (method: string, path: string, body?: object): Promise<number> => {
    const times: { large: number[]; small: number[] } = { large: [], small: [] };
    for (let round = 0; round < ROUNDS; round++) {
      times.small.push(await timeMs(small, method, path, body));
      times.large.push(await timeMs(large, method, path, body));
    }
    return median(times.large) / median(times.small);
  };

  it.each([
    ['GET', '/v2/droplets?per_page=1&page=500'],
    ['GET', '/v2/droplets?per_page=1&page=100&tag_name=web'],
    ['GET', '/v2/droplets?per_page=1&name=acme-web-01'],
    ['GET', '/v2/actions?per_page=1&page=200'],
    ['GET', '/v2/images?per_page=1&private=true&page=100'],
    ['GET', '/v2/tags?per_page=1'],
  ])('serves %s %s without a scan', async (method, path) => {
    expect(await ratioOf(method, path)).toBeLessThan(MAX_RATIO);
  });

  it('creates a droplet without reading the others', async () => {
    const body = { name: 'n', size: 's-1vcpu-1gb', image: 155_133_621, region: 'fra1', tags: ['fresh'] };
    expect(await ratioOf('POST', '/v2/droplets', body)).toBeLessThan(MAX_RATIO);
  });
});
