import { randomUUID } from 'node:crypto';
import { SweepService } from '#libs/inventory';
import { startSimulator, type RunningSimulator } from '../../../apps/simulator/src';
import { ChaosWorld } from '../../support/chaos-world';
import { openInventory } from '../../support/inventory-world';
import { bearer, ADMIN_HEADER } from '../../support/principals';
import { SpawnedProcess } from '../../support/processes/spawned-process';
import { ACCOUNT, ORDER } from '../../support/provisioning-world';
import { SimulatorClient } from '../../support/simulator-client';
import { until } from '../../support/until';

const LONG = process.env.TEST_LONG !== undefined;
const STARTS = LONG ? 200 : 40;
const APIS = LONG ? 4 : 2;
const LIMIT = LONG ? 20 : 4;
const ACME_USER = bearer({ sub: 'anna', tenantId: 'acme' });

let provider: RunningSimulator;
let simulator: SimulatorClient;
let world: ChaosWorld;
const apis: SpawnedProcess[] = [];

beforeAll(async () => {
  provider = await startSimulator({ empty: true });
  simulator = new SimulatorClient(provider.url);
  await simulator.change(ACCOUNT);
  await simulator.allow({ per_minute: 1_000_000, per_hour: 1_000_000 });
  await simulator.change({ lags: { tag_listed_ms: 500, droplet_active_ms: 300, droplet_networks_ms: 100 } });
  world = await ChaosWorld.create(1, {
    DO_API_URL: provider.url,
    DO_API_TOKEN: provider.token,
    DO_RATE_PER_MINUTE: '1000000',
    DO_RATE_PER_HOUR: '1000000',
    DO_ROUTE_RATE_PERCENT: '1000000',
    PROVIDER_LAG_MS: '1500',
    SAGA_POLL_MS: '300',
    SAGA_LEASE_MS: '2000',
    SAGA_RENEW_MS: '500',
    REAPER_PERIOD_MS: '1000',
    LOG_LEVEL: 'error',
  });
  const inventory = await openInventory(world.environment);
  await inventory.get(SweepService).run('project', { trigger: 'manual' });
  await inventory.close();
  apis.push(world.api, ...(await Promise.all(Array.from({ length: APIS - 1 }, () => SpawnedProcess.start('api', world.environment)))));
  await Promise.all(apis.map((api) => api.ready(60_000)));
  await until(async () => (await world.query('select 1 from provider_sizes limit 1')).length === 1, { withinMs: 60_000 });
  const { code } = await ask(0, 'PUT', '/api/v1/tenants/acme/limits', ADMIN_HEADER, {
    max_droplets: LIMIT,
    max_vcpus: null,
    max_monthly_cost: null,
    open_sagas: null,
    approval_over_monthly: null,
  });
  if (code !== undefined) throw new Error(`the limits were not set: ${code}`);
});
afterAll(async () => {
  for (const api of apis.slice(1)) await api.kill();
  await world.end();
  await provider.close();
});

async function ask(nr: number, method: string, path: string, headers: object, body: object): Promise<{ status: number; code?: string }> {
  const init = { method, headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(`${apis[nr % apis.length]?.url}${path}`, init);
  return { status: response.status, ...((await response.json()) as { code?: string }) };
}

/** Repeats the start, with its key, at another process until one has answered it. */
async function start(nr: number): Promise<string> {
  const headers = { ...ACME_USER, 'idempotency-key': randomUUID() };
  for (let attempt = 0; ; attempt += 1) {
    const body = { kind: 'provision_droplet', input: { ...ORDER, name: `web-${nr}` } };
    const answer = await ask(nr + attempt, 'POST', '/api/v1/sagas', headers, body).catch(() => undefined);
    if (answer && answer.status < 500) return answer.code ?? 'accepted';
  }
}

it(`leaves a tenant exactly at its limit after ${STARTS} parallel starts at ${APIS} processes with kill -9 of an api and a worker [TNT-2]`, async () => {
  const killed = apis.at(-1);
  const answered: Promise<string>[] = [];
  for (let nr = 0; nr < STARTS; nr += 1) answered.push(start(nr));
  await until(async () => (await world.query('select 1 from saga_runs')).length > 0); // starts are under way
  await killed?.kill();
  await until(async () => (await simulator.droplets()).length > 0, { withinMs: 60_000 });
  await world.workers[0]?.kill();
  world.workers[0] = await world.startWorker();
  const codes = await Promise.all(answered);
  const count = (code: string) => codes.filter((one) => one === code).length;
  await until(async () => (await world.query('select 1 from saga_runs where finished_at is null')).length === 0, { withinMs: 120_000 });
  const ended = await world.query<{ status: string }>('select status from saga_runs');
  expect(ended.map(({ status }) => status)).toEqual(Array.from({ length: LIMIT }, () => 'completed'));
  expect({ accepted: count('accepted'), refused: count('limit_exceeded') }).toEqual({ accepted: LIMIT, refused: STARTS - LIMIT });
  const alive = async () => (await simulator.droplets()).filter(({ deleted_at }) => deleted_at === undefined);
  await until(async () => (await alive()).length === LIMIT, { withinMs: 60_000 }); // the reaper removes a duplicate of the killed worker
  expect(await start(STARTS)).toBe('limit_exceeded');
});
