import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../support/until';
import { PLATFORM } from '../../support/principals';
import { newProvisioningWorld, ORDER } from '../../support/provisioning-world';

const DROPLETS = process.env.TEST_LONG ? 100 : 15;
const PROVIDER_LIMITS = { DO_RATE_PER_MINUTE: '250', DO_RATE_PER_HOUR: '5000', SAGA_POLL_MS: '5000', PROVIDER_LAG_MS: '60000' };
const SWEEP_EVERY_MS = 5_000;

it(`creates ${DROPLETS} droplets with two workers within the provider’s rate while sweeps run [OPS-1]`, async () => {
  const world = await newProvisioningWorld(PROVIDER_LIMITS);
  try {
    await world.simulator.allow({ per_minute: 250, per_hour: 5_000 });
    const second = await world.another();
    second.engine.start();
    const startedMs = performance.now();
    const over = new AbortController();
    const sweeping = (async () => {
      while (!over.signal.aborted) {
        await world.sweeps.run('droplet', { trigger: 'manual' });
        await sleep(SWEEP_EVERY_MS); // the rate of the sweeps that compete with the sagas
      }
    })();
    const order = (nth: number) => ({ ...ORDER, name: `web-${nth}`, project_id: world.projectId });
    const ids = await Promise.all(Array.from({ length: DROPLETS }, (_, nth) => world.start('provision_droplet', order(nth), null)));
    const statuses = async () => (await Promise.all(ids.map((id) => world.reader.get(PLATFORM, id)))).map(({ status }) => status);
    await until(async () => (await statuses()).every((status) => status !== 'pending' && status !== 'running'), {
      withinMs: 400_000,
      what: 'all droplets',
    });
    over.abort();
    await sweeping;
    const calls = await world.simulator.calls();
    const seconds = Math.round((performance.now() - startedMs) / 1_000);
    console.log(
      `provisioning rate: ${JSON.stringify({ droplets: DROPLETS, calls: calls.length, calls_per_droplet: calls.length / DROPLETS, seconds })}`,
    );
    expect(new Set(await statuses())).toEqual(new Set(['completed']));
    expect(calls.filter(({ status }) => status === 429)).toEqual([]);
    expect(await world.alive()).toHaveLength(DROPLETS);
  } finally {
    await world.close();
  }
}, 480_000);
