import type { SagaView } from '#libs/saga';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startSimulator, type RunningSimulator } from '../../../apps/simulator/src';
import { ADMIN, PLATFORM } from '../../support/principals';
import {
  ACCOUNT,
  ACME,
  newProvisioningWorld,
  ORDER,
  type ProvisioningProcess,
  type ProvisioningWorld,
} from '../../support/provisioning-world';
import { SeededRandom } from '../../support/seeded-random';
import { SimulatorClient } from '../../support/simulator-client';
import { until } from '../../support/until';
import { openTokenGate, type TokenGate } from './token-gate';

const SAGAS = Number(process.env.EXCHANGE_SAGAS ?? (process.env.TEST_LONG ? 200 : 12));
const SEED = Number(process.env.EXCHANGE_SEED ?? Date.now() % 1_000_000);
const AT_ONCE = 8;
/** Enough for the load; afterwards the sagas that still wait come to their ends. */
const MOST_EXCHANGES = SAGAS * 2;
const OURS = 'dop_v1_simulator';
const THEIRS = 'dop_v1_stranger';
const ZONE = 'shop.example';
const ZONES = { domains: [{ name: ZONE }], members: [{ project_id: ACME, urn: `do:domain:${ZONE}` }] };

let world: ProvisioningWorld;
let worker: ProvisioningProcess;
let stranger: RunningSimulator;
let theirs: SimulatorClient;
let gate: TokenGate;
let folder: string;
const random = new SeededRandom(SEED);

beforeAll(async () => {
  world = await newProvisioningWorld();
  await world.simulator.change(ZONES);
  await world.sweeps.run('dns_zone', { trigger: 'manual' });
  await world.sweeps.run('project', { trigger: 'manual' });
  stranger = await startSimulator({ empty: true, seed: 2, token: THEIRS });
  theirs = new SimulatorClient(stranger.url);
  await theirs.withoutLags();
  await theirs.allow({ per_minute: 1_000_000, per_hour: 1_000_000 });
  await theirs.change({ ...ACCOUNT, ...ZONES });
  gate = await openTokenGate({ [OURS]: world.simulator.url, [THEIRS]: stranger.url });
  folder = mkdtempSync(join(tmpdir(), 'arcadia-exchanges-'));
  await world.engine.drain();
  useToken(OURS);
  worker = await world.another({ DO_API_URL: gate.url, DO_API_TOKEN_PROVISIONING_FILE: tokenFile() });
  worker.engine.start();
});
afterAll(async () => {
  await world.close();
  await gate.close();
  await stranger.close();
  rmSync(folder, { recursive: true, force: true });
});

const tokenFile = () => join(folder, 'provisioning');
const useToken = (token: string) => writeFileSync(tokenFile(), token);

interface Records {
  readonly domain_records: readonly { readonly type: string; readonly name: string; readonly data: string }[];
}
const recordNames = async (account: SimulatorClient) =>
  ((await account.account()) as unknown as Records).domain_records.filter(({ type }) => type === 'A').map(({ name }) => name);

const ENDS = ['completed', 'rolled_back', 'failed', 'compensation_failed'];

/** A saga pauses longer and longer while its token is refused, so its end can take minutes under this load. */
async function ended(id: string): Promise<SagaView> {
  const end = async () => ENDS.includes((await world.reader.get(PLATFORM, id)).status);
  await until(end, { withinMs: 240_000, what: `the end of saga ${id}` });
  return world.reader.get(PLATFORM, id);
}

/** The end of each saga, by what should exist afterwards: droplets by id, records by name. */
const droplets = new Set<number>();
const records = new Set<string>();

/** Orders a droplet or a record, sometimes cancels, and sometimes deletes what was ordered. Returns the ends of its sagas. */
async function oneOrder(nth: number): Promise<void> {
  if (random.chance(0.4)) return oneRecord(nth);
  const id = await world.start('provision_droplet', { ...ORDER, name: `web-${nth}` });
  if (random.chance(0.2)) await cancelSoon(id);
  const made = await ended(id);
  expect(['completed', 'rolled_back']).toContain(made.status);
  if (made.status !== 'completed') return;
  const dropletId = Number((made.context.create_droplet as { droplet_id: string }).droplet_id);
  droplets.add(dropletId);
  if (!random.chance(0.5)) return;
  const { resource_id } = made.context.register_droplet as { resource_id: string };
  const destroyed = await ended(await world.start('destroy_droplet', { resource_id }));
  expect(destroyed).toMatchObject({ status: 'completed', error: null });
  droplets.delete(dropletId);
}

async function oneRecord(nth: number): Promise<void> {
  const record = { dns_domain: ZONE, dns_record_type: 'A', dns_record_name: `www-${nth}`, dns_record_data: '203.0.113.7' };
  const id = await world.start('upsert_dns_record', record);
  if (random.chance(0.2)) await cancelSoon(id);
  const made = await ended(id);
  expect(['completed', 'rolled_back']).toContain(made.status);
  if (made.status === 'completed') records.add(record.dns_record_name);
  if (made.status !== 'completed' || !random.chance(0.5)) return;
  expect(await ended(await world.start('delete_dns_record', record))).toMatchObject({ status: 'completed', error: null });
  records.delete(record.dns_record_name);
}

async function cancelSoon(id: string): Promise<void> {
  await sleep(random.below(600)); // a cancel comes at any moment of the saga
  await world.controls.cancel(PLATFORM, id, ADMIN).catch(() => undefined); // the saga may have ended before
}

it(
  `neither creates nor deletes anything in another account while the token changes at any moment, and ends ${SAGAS} orders truly (seed ${SEED}) (E1) [INV-6, SAG-9, SAG-15]`,
  async () => {
    const over = new AbortController();
    let exchanges = 0;
    const exchanging = (async () => {
      while (!over.signal.aborted && exchanges < MOST_EXCHANGES) {
        await sleep(200 + random.below(800)); // an exchange comes at any moment
        useToken(THEIRS);
        exchanges += 1;
        await sleep(100 + random.below(700));
        useToken(OURS);
      }
    })();
    let begun = 0;
    const client = async () => {
      while (begun < SAGAS) await oneOrder((begun += 1));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, client)).finally(() => over.abort());
    await exchanging;
    const calls = (await theirs.calls()).filter(({ path }) => path !== '/v2/account' && path !== '/v2/projects/default');
    const ends = await world.database.query<{ kind: string; status: string; count: number }>(
      'select kind, status, count(*)::int as count from saga_runs group by 1, 2 order by 1, 2',
    );
    console.log(`exchanged tokens: ${JSON.stringify({ seed: SEED, exchanges, checks: (await theirs.calls()).length, ends })}`);
    expect(exchanges).toBeGreaterThan(3);
    expect((await theirs.calls()).length).toBeGreaterThan(0);
    expect(calls).toEqual([]);
    expect(await theirs.droplets()).toEqual([]);
    expect(await recordNames(theirs)).toEqual([]);
    const strange = (await world.alive()).filter((id) => !droplets.has(id));
    const theirSagas = await world.database.query(
      `select id, kind, status, input, context, error, leftovers from saga_runs where context::text like any ($1)`,
      [strange.map((id) => `%${id}%`)],
    );
    expect({ strange, theirSagas }).toEqual({ strange: [], theirSagas: [] });
    expect(new Set(await world.alive())).toEqual(droplets);
    expect(new Set(await recordNames(world.simulator))).toEqual(records);
  },
  360_000 + SAGAS * 5_000,
);
