import { PLATFORM } from '../../support/principals';
import { ORDER, newProvisioningWorld } from '../../support/provisioning-world';
import { until } from '../../support/until';

const DROPLETS = process.env.TEST_LONG ? 300 : 40;
const POLL_MS = 500;

it(`polls once per tick for all ${DROPLETS} sagas that wait in two workers, not once per saga [I1]`, async () => {
  const world = await newProvisioningWorld({ SAGA_POLL_MS: String(POLL_MS), PROVIDER_LAG_MS: '20000' });
  try {
    await world.simulator.change({ lags: { droplet_active_ms: 6_000 } });
    const second = await world.another();
    second.engine.start();
    const startedMs = performance.now();
    const ids = await Promise.all(
      Array.from({ length: DROPLETS }, (_, nth) =>
        world.start('provision_droplet', { ...ORDER, name: `web-${nth}`, project_id: world.projectId }, null),
      ),
    );
    await until(
      async () => (await Promise.all(ids.map((id) => world.reader.get(PLATFORM, id)))).every(({ status }) => status === 'completed'),
      { withinMs: 120_000, what: 'all droplets' },
    );
    const ticks = Math.ceil((performance.now() - startedMs) / POLL_MS) + 1;

    const calls = await world.simulator.calls();
    expect(calls.filter(({ status }) => status === 429)).toEqual([]);
    const count = (method: string, path: RegExp) => calls.filter((call) => call.method === method && path.test(call.path)).length;
    const pages = Math.ceil(DROPLETS / 200);
    expect(count('POST', /^\/v2\/droplets$/)).toBe(DROPLETS);
    expect(count('POST', /resources$/)).toBe(DROPLETS);
    // One GET registers the droplet. When the list has too many pages to poll, one more GET reads the droplet after its create.
    expect(count('GET', /^\/v2\/droplets\/\d+$/)).toBeLessThanOrEqual(DROPLETS * (DROPLETS > 200 ? 2 : 1));
    expect(count('GET', /^\/v2\/droplets$/)).toBeLessThanOrEqual(ticks * pages);
    // The sweep of the projects at the beginning adds a few calls.
    expect(count('GET', /resources$/)).toBeLessThanOrEqual(ticks * pages + 10);
    expect(await world.alive()).toHaveLength(DROPLETS);
  } finally {
    await world.close();
  }
});

it('refuses the result of a process of which another one has taken over the poll [SAG-3]', async () => {
  const world = await newProvisioningWorld();
  try {
    const query = { tag_name: 'managed-by-arcadia-cloud' };
    await world.simulator.faults([
      { id: 'poll', match: { method: 'GET', path: '/v2/droplets', query }, times: 1, effect: { type: 'hold' } },
    ]);
    const id = await world.start('provision_droplet', { ...ORDER, project_id: world.projectId }, null);
    await world.simulator.untilHeld('poll');
    const [other] = (await world.asOwner(TAKE_OVER)) as { until: string; now: string }[];
    await world.simulator.faults([]);
    await until(async () => (await world.asOwner(CHECKPOINT_SINCE, [id, other?.now])).length > 0, { what: 'the end of the late poll' });
    expect(await world.asOwner(STORED)).toEqual([{ seen: { whole: true, droplets: [] }, until: other?.until }]);
    await world.asOwner(`update provider_poll_results set looking_until = null, asked_at = null where name = 'managed_droplets'`);
    expect((await world.ended(id)).status).toBe('completed');
  } finally {
    await world.close();
  }
});

const TAKE_OVER = `
update provider_poll_results
   set looking_until = clock_timestamp() + interval '1 hour', asked_at = clock_timestamp(), seen = '{"droplets": [], "whole": true}'
 where name = 'managed_droplets' returning looking_until::text as until, clock_timestamp()::text as now`;
const CHECKPOINT_SINCE = 'select 1 from saga_attempts where saga_id = $1 and ended_at > $2::timestamptz';
const STORED = `select seen, looking_until::text as until from provider_poll_results where name = 'managed_droplets'`;
