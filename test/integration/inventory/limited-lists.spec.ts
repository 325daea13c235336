import { newWorld, type World } from '../../support/inventory-world';

const PER_PAGE = 200;
const LIMITS = { DO_RATE_PER_MINUTE: '250', DO_RATE_PER_HOUR: '5000', DO_ROUTE_RATE_PERCENT: '100' };

let world: World;
beforeAll(async () => {
  world = await newWorld(LIMITS, { empty: true });
  await world.simulator.allow({ per_minute: 250, per_hour: 5_000 });
});
afterAll(() => world.close());

/** The provider allows five requests for content delivery in ten seconds. */
it('reads a list of more pages than the provider allows at once without one refusal, and other kinds meanwhile [KND-3, OPS-1]', async () => {
  const endpoints = Array.from({ length: 5 * PER_PAGE + 1 }, (_, n) => ({
    id: `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`,
    origin: `bucket-${n}.fra1.digitaloceanspaces.com`,
    endpoint: `bucket-${n}.fra1.cdn.digitaloceanspaces.com`,
    created_at: '2026-03-01T10:00:00Z',
    ttl: 3_600,
  }));
  await world.simulator.change({ cdn_endpoints: endpoints });
  await world.simulator.forgetCalls();
  const startedMs = performance.now();
  const limited = world.sweep('cdn_endpoint');
  const others = await (await world.another(LIMITS)).sweeps.run('volume', { trigger: 'manual' });
  expect(others).toMatchObject({ status: 'complete' });
  expect(performance.now() - startedMs).toBeLessThan(9_000);
  expect(await limited).toMatchObject({ status: 'complete', seen: endpoints.length, calls: 6 });
  const calls = await world.simulator.calls();
  expect(calls.filter(({ status }) => status === 429)).toEqual([]);
  expect(performance.now() - startedMs).toBeGreaterThan(9_000); // the sixth page had to wait, so the limit was reached
}, 60_000);
