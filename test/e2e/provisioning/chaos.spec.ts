import { setTimeout as sleep } from 'node:timers/promises';
import { signGuardianToken } from '#libs/identity';
import { SweepService } from '#libs/inventory';
import { type RunningSimulator, startSimulator } from '../../../apps/simulator/src';
import { SeededRandom } from '../../support/seeded-random';
import { SimulatorClient } from '../../support/simulator-client';
import { openInventory } from '../../support/inventory-world';
import { JWT_SECRET } from '../../support/settings';
import { ChaosWorld } from '../../support/chaos-world';
import { until } from '../../support/until';

import { ACCOUNT, ORDER } from '../../support/provisioning-world';

const RUNS = Number(process.env.CHAOS_RUNS ?? (process.env.TEST_LONG ? 200 : 4));
const SEED = Number(process.env.CHAOS_SEED ?? Date.now() % 1_000_000);
const AT_ONCE = 5;
const WORKERS = 2;
const ENDS = ['completed', 'rolled_back', 'failed', 'compensation_failed'];

interface Run {
  readonly kind: string;
  readonly id: string;
  readonly status: string;
  readonly context: Record<string, Record<string, string> | undefined>;
  readonly input: Record<string, string>;
}

let provider: RunningSimulator;
let simulator: SimulatorClient;
let world: ChaosWorld;
let random: SeededRandom;
let projectId: string;

beforeAll(async () => {
  random = new SeededRandom(SEED);
  provider = await startSimulator({ empty: true });
  simulator = new SimulatorClient(provider.url);
  await simulator.change(ACCOUNT);
  await simulator.allow({ per_minute: 1_000_000, per_hour: 1_000_000 });
  await simulator.change({
    lags: {
      tag_listed_ms: random.below(3_000),
      droplet_active_ms: 1_500,
      droplet_networks_ms: 300,
      power_action_ms: 500,
      resize_action_ms: 800,
      snapshot_action_ms: 800,
    },
  });
  world = await ChaosWorld.create(WORKERS, {
    DO_API_URL: provider.url,
    DO_API_TOKEN: provider.token,
    DO_RATE_PER_MINUTE: '1000000',
    DO_RATE_PER_HOUR: '1000000',
    DO_ROUTE_RATE_PERCENT: '1000000',
    PROVIDER_LAG_MS: '4000',
    SAGA_POLL_MS: '500',
    SAGA_LEASE_MS: '2000',
    SAGA_RENEW_MS: '500',
    REAPER_PERIOD_MS: '1000',
    REAPER_GRACE_MS: '20000',
    LOG_LEVEL: 'error',
  });
  const inventory = await openInventory(world.environment);
  await inventory.get(SweepService).run('project', { trigger: 'manual' });
  await inventory.close();
  projectId = (await world.query<{ id: string }>(`select id from cloud_projects where tenant_id = 'acme'`))[0]?.id ?? '';
});
afterAll(async () => {
  await world.end();
  await provider.close();
});

/** A quarter of the writes lose their answer. Some of them take effect before that, some long after it, and some never. */
const FAULTS = [
  // This rule fires with every seed.
  { id: 'surely_lost', match: { method: 'POST', path: '/v2/droplets', nth: 2 }, effect: { type: 'lose_answer' } },
  { id: 'lost', match: { method: 'POST', path: '/v2/*', probability: 0.12 }, effect: { type: 'lose_answer' } },
  { id: 'late', match: { method: 'POST', path: '/v2/droplets', probability: 0.15 }, effect: { type: 'late_commit', ms: 2_500 } },
  { id: 'nothing', match: { method: 'POST', path: '/v2/*', probability: 0.06 }, effect: { type: 'status', status: 502 } },
  { id: 'lost_delete', match: { method: 'DELETE', path: '/v2/*', probability: 0.25 }, effect: { type: 'lose_answer' } },
  { id: 'refused', match: { method: 'POST', path: '/v2/projects/*', probability: 0.15 }, effect: { type: 'status', status: 403 } },
];

/** How often the test has begun: a second try starts sagas of its own. */
let tries = 0;

it(
  `leaves no provider resource without a saga after ${RUNS} runs under kill -9 and lost answers (seed ${SEED}) [SAG-5 to SAG-11]`,
  async () => {
    console.log(`provisioning chaos: CHAOS_SEED=${SEED} CHAOS_RUNS=${RUNS}`);
    tries += 1;
    await simulator.faults(FAULTS);
    const over = new AbortController();
    let kills = 0;
    const killing = (async () => {
      while (!over.signal.aborted) {
        await sleep(2_000 + random.below(2_000)); // kills come at any moment of a saga
        const nth = random.below(WORKERS);
        await world.workers[nth]?.kill();
        kills += 1;
        world.workers[nth] = await world.startWorker();
      }
    })();
    let started = 0;
    const client = async () => {
      while (started < RUNS) await oneRun((started += 1));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, client));
    over.abort();
    await killing;
    const fired = await simulator.fired();
    await simulator.faults([]);

    const runs = await world.query<Run>('select id, kind, status, context, input from saga_runs');
    expect(runs.filter(({ status }) => status !== 'completed' && status !== 'rolled_back')).toEqual([]);
    const expected = accountedFor(runs);
    await until(async () => JSON.stringify(await liveResources()) === JSON.stringify(expected), {
      withinMs: 60_000,
      what: 'the provider having exactly the resources of the sagas',
    });
    const orphans = await world.query('select kind, reason from cloud_strays');
    const ended = Object.fromEntries(['completed', 'rolled_back'].map((end) => [end, runs.filter(({ status }) => status === end).length]));
    console.log(`provisioning chaos: ${JSON.stringify({ sagas: runs.length, ended, kills, fired, orphans, live: expected })}`);
    expect(await liveResources()).toEqual(expected);
    expect(kills).toBeGreaterThan(1);
    expect(fired.surely_lost).toBeGreaterThan(0);
    expect(orphans.filter(({ reason }) => reason === 'unknown_saga')).toEqual([]);
    expect(await world.query(`select saga_id, step_idx from witness where status = 'completed' group by 1, 2 having count(*) > 1`)).toEqual(
      [],
    );
  },
  120_000 + RUNS * 15_000,
);

/** Orders a droplet and sometimes cancels the order. A completed droplet is sometimes resized, copied to a snapshot or destroyed. */
async function oneRun(nth: number): Promise<void> {
  const made = await ended(
    await start('provision_droplet', { ...ORDER, name: `web-${nth}`, project_id: projectId }, `p-${nth}`, random.chance(0.2)),
  );
  const resourceId = made.context.register_droplet?.resource_id;
  if (made.status !== 'completed' || resourceId === undefined) return;
  const next = random.pick(['nothing', 'destroy_droplet', 'snapshot_droplet', 'resize_droplet']);
  if (next === 'nothing') return;
  const input = {
    resource_id: resourceId,
    ...(next === 'resize_droplet' && { size_slug: 's-2vcpu-4gb' }),
    ...(next === 'destroy_droplet' && { expected_name: `web-${nth}` }),
  };
  await ended(await start(next, input, `n-${nth}`, next !== 'destroy_droplet' && random.chance(0.3)));
}

async function start(kind: string, input: Record<string, unknown>, key: string, cancels: boolean): Promise<string> {
  const id = await post('/api/v1/sagas', { kind, input }, key);
  if (!cancels) return id;
  await sleep(random.below(4_000)); // cancels at any moment of the saga
  await post(`/api/v1/sagas/${id}/cancel`, {}, `${key}-cancel`);
  return id;
}

/** Returns the id of the saga. The request is retried until the api responds; a 409 for a late cancel is a response too. */
async function post(path: string, body: unknown, key: string): Promise<string> {
  const headers = {
    authorization: `Bearer ${signGuardianToken(JWT_SECRET, { sub: 'chaos', roles: ['platform_admin'] })}`,
    'content-type': 'application/json',
    'idempotency-key': `${SEED}-${tries}-${key}`,
  };
  let answer: { status: number; body: { data?: { id: string } } } | undefined;
  await until(
    async () => {
      const got = await fetch(`${world.api.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) }).catch(() => undefined);
      if (got && got.status < 500) answer = { status: got.status, body: (await got.json()) as { data?: { id: string } } };
      return answer !== undefined;
    },
    { withinMs: 60_000, what: path },
  );
  const isLateCancel = answer?.status === 409 && path.endsWith('/cancel');
  if (answer?.status !== 202 && !isLateCancel) throw new Error(`${path}: ${JSON.stringify(answer)}`);
  return answer?.body.data?.id ?? '';
}

async function ended(id: string): Promise<Run> {
  let run: Run | undefined;
  await until(
    async () => {
      [run] = await world.query<Run>('select id, kind, status, context, input from saga_runs where id = $1', [id]);
      return run !== undefined && ENDS.includes(run.status);
    },
    { withinMs: 180_000, what: `the end of saga ${id}` },
  );
  if (!run) throw new Error(`saga ${id} does not exist`);
  return run;
}

interface LiveResources {
  readonly droplets: readonly string[];
  readonly snapshots: readonly string[];
}

/** The resources that the sagas account for: droplets with their sizes, and snapshots by name. */
function accountedFor(runs: readonly Run[]): LiveResources {
  const completed = runs.filter(({ status }) => status === 'completed');
  const of = (kind: string) => completed.filter((run) => run.kind === kind);
  const destroyed = new Set(of('destroy_droplet').map(({ input }) => input.droplet_id));
  const sizes = new Map(of('resize_droplet').map(({ input }) => [input.droplet_id, input.size_slug]));
  const droplets = of('provision_droplet')
    .map(({ context }) => context.create_droplet?.droplet_id ?? '')
    .filter((id) => !destroyed.has(id))
    .map((id) => `${id} ${sizes.get(id) ?? ORDER.size_slug} active`);
  return {
    droplets: droplets.sort(byText),
    snapshots: of('snapshot_droplet')
      .map(({ context }) => context.take_snapshot?.name ?? '')
      .sort(byText),
  };
}

/** The resources that exist, read from the simulator itself. */
async function liveResources(): Promise<LiveResources> {
  const { droplets, images } = (await simulator.account()) as {
    droplets: { id: number; size_slug: string; status: string; deleted_at?: string }[];
    images: { name: string; type: string; status: string; public: boolean }[];
  };
  const alive = droplets
    .filter(({ deleted_at }) => deleted_at === undefined)
    .map(({ id, size_slug, status }) => `${id} ${size_slug} ${status}`);
  const saved = images.filter((image) => image.type === 'snapshot' && !image.public && image.status !== 'deleted').map(({ name }) => name);
  return { droplets: alive.sort(byText), snapshots: saved.sort(byText) };
}

const byText = (a: string, b: string): number => (a < b ? -1 : 1);
