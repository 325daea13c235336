import { AccountBinding } from '#libs/accounts';
import { metricsText } from '#libs/observability';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSimulator, type RunningSimulator } from '../../../apps/simulator/src';
import { SimulatorClient } from '../../support/simulator-client';
import { until } from '../../support/until';
import { ADMIN, PLATFORM } from '../../support/principals';
import {
  ACCOUNT,
  ACME,
  newProvisioningWorld,
  ORDER,
  type ProvisioningProcess,
  type ProvisioningWorld,
} from '../../support/provisioning-world';
import { openTokenGate, type TokenGate } from './token-gate';

const OURS = 'dop_v1_simulator';
const THEIRS = 'dop_v1_stranger';
const ZONE = 'shop.example';
const ZONES = { domains: [{ name: ZONE }], members: [{ project_id: ACME, urn: `do:domain:${ZONE}` }] };
const RECORD = { dns_domain: ZONE, dns_record_type: 'A', dns_record_name: 'www', dns_record_data: '203.0.113.7' };

let world: ProvisioningWorld;
let stranger: RunningSimulator;
let theirs: SimulatorClient;
let gate: TokenGate;
let folder: string;
const opened: ProvisioningProcess[] = [];

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
  folder = mkdtempSync(join(tmpdir(), 'arcadia-tokens-'));
  await world.engine.drain(); // Each test runs the sagas in a process of its own.
});
beforeEach(() => theirs.forgetCalls());
afterEach(async () => {
  for (const { engine } of opened.splice(0)) await engine.drain();
  await world.simulator.faults([]);
});
afterAll(async () => {
  await world.close();
  await gate.close();
  await stranger.close();
  rmSync(folder, { recursive: true, force: true });
});

const tokenFile = () => join(folder, 'provisioning');
const useToken = (token: string) => writeFileSync(tokenFile(), token);
/** Exchanges the token back, and lets the pause of the waiting sagas be over. */
async function useRightToken(): Promise<void> {
  useToken(OURS);
  await world.asOwner('update saga_runs set wake_at = clock_timestamp() where wake_at is not null');
}

/** A saga worker with the token from the file. It calls the provider at the address that both accounts share. */
async function worker(env: Record<string, string> = {}): Promise<ProvisioningProcess> {
  const process = await world.another({ DO_API_URL: gate.url, DO_API_TOKEN_PROVISIONING_FILE: tokenFile(), ...env });
  opened.push(process);
  process.engine.start();
  return process;
}

const start = (kind: string, input: Record<string, unknown>) => world.start(kind, input);
const stepOf = async (id: string) => {
  const saga = await world.reader.get(PLATFORM, id);
  return { status: saga.status, step: saga.steps.find(({ error }) => error !== null) };
};
const waitsForToken = (id: string) =>
  until(async () => (await stepOf(id)).step?.error?.code === 'other_account', { what: `saga ${id} waiting for a right token` });

/** The calls that reached the other account, without the account check itself. */
async function callsToOtherAccount(): Promise<string[]> {
  const checks = ['/v2/account', '/v2/projects/default'];
  return (await theirs.calls()).filter(({ path }) => !checks.includes(path)).map(({ method, path }) => `${method} ${path}`);
}

const recordsOf = async (account: SimulatorClient) =>
  ((await account.account()) as { domain_records: { type: string; name: string; data: string }[] }).domain_records.filter(
    ({ name }) => name === RECORD.dns_record_name,
  );

async function liveDroplet(name: string): Promise<{ resourceId: string; dropletId: string }> {
  const saga = await world.ended(await start('provision_droplet', { ...ORDER, name }));
  expect(saga).toMatchObject({ status: 'completed', error: null });
  const { resource_id: resourceId } = saga.context.register_droplet as { resource_id: string };
  return { resourceId, dropletId: (saga.context.create_droplet as { droplet_id: string }).droplet_id };
}

it('reads and writes nothing with the token of another account from the start, and completes everything once with the right one (E1) [INV-6]', async () => {
  useToken(THEIRS);
  const process = await worker();
  const before = await world.alive();
  const orders = await Promise.all([1, 2, 3].map((nth) => start('provision_droplet', { ...ORDER, name: `wrong-${nth}` })));
  const record = await start('upsert_dns_record', RECORD);
  for (const id of [...orders, record]) await waitsForToken(id);
  expect((await stepOf(record)).step?.error?.detail).toMatch(/^waiting for a token of the account that this service is bound to/);
  await world.reapWith(process); // The round ends early: without the bound account a restore cannot be ruled out.
  expect(await callsToOtherAccount()).toEqual([]);
  expect((await theirs.calls()).length).toBeLessThanOrEqual(2);
  expect(await theirs.droplets()).toEqual([]);
  expect(await world.alive()).toEqual(before);
  expect(process.get(AccountBinding).refusedPurposes).toEqual(['provisioning']);
  expect(await metricsText()).toContain('arcadia_provider_account_refused{purpose="provisioning"} 1');

  await useRightToken();
  for (const id of [...orders, record]) expect(await world.ended(id)).toMatchObject({ status: 'completed', error: null });
  expect(process.get(AccountBinding).refusedPurposes).toEqual([]);
  expect(await world.alive()).toHaveLength(before.length + orders.length);
  expect(await recordsOf(world.simulator)).toHaveLength(1);
  expect(await recordsOf(theirs)).toEqual([]);
  for (const id of orders) expect((await world.reader.get(PLATFORM, id)).steps.map(({ error }) => error)).toEqual([null, null, null, null]);
  expect(await callsToOtherAccount()).toEqual([]);
});

it('ignores a 404 of another account: a destroy waits, and the row of the droplet stays (E1) [SAG-15]', async () => {
  useToken(OURS);
  await worker();
  const { resourceId, dropletId } = await liveDroplet('kept');
  useToken(THEIRS);
  const destroy = await start('destroy_droplet', { resource_id: resourceId });
  await waitsForToken(destroy);
  expect(await callsToOtherAccount()).toEqual([]);
  expect(await world.resource('droplet', dropletId)).toMatchObject({ id: resourceId, status: 'active' });
  expect(await world.alive()).toContain(Number(dropletId));

  await useRightToken();
  expect(await world.ended(destroy)).toMatchObject({ status: 'completed', error: null });
  expect(await world.alive()).not.toContain(Number(dropletId));
});

it('does not end a cancelled saga as rolled_back while its droplet exists in the bound account (E1) [SAG-9]', async () => {
  useToken(OURS);
  await worker();
  const members = `/v2/projects/${ACME}/resources`;
  await world.simulator.faults([{ id: 'blocked', match: { method: 'POST', path: members }, times: 1, effect: { type: 'hold' } }]);
  const before = await world.alive();
  const order = await start('provision_droplet', { ...ORDER, name: 'cancelled' });
  await until(async () => (await world.simulator.held()) === 1, { what: 'the order having created its droplet' });
  useToken(THEIRS);
  await world.controls.cancel(PLATFORM, order, ADMIN);
  await world.simulator.faults([]);
  await waitsForToken(order);
  expect((await world.reader.get(PLATFORM, order)).status).toBe('compensating');
  expect(await world.alive()).toHaveLength(before.length + 1);
  expect(await callsToOtherAccount()).toEqual([]);

  await useRightToken();
  expect((await world.ended(order)).status).toBe('rolled_back');
  expect(await world.alive()).toEqual(before);
});

it('checks an exchanged token before the first call with it while sagas run, and creates each droplet once (E1) [INV-6]', async () => {
  useToken(OURS);
  await worker();
  const before = await world.alive();
  const orders = await Promise.all(Array.from({ length: 12 }, (_, nth) => start('provision_droplet', { ...ORDER, name: `many-${nth}` })));
  await until(async () => (await world.alive()).length > before.length, { what: 'the first droplet of the orders' });
  useToken(THEIRS);
  const unfinished = async () => (await Promise.all(orders.map(stepOf))).filter(({ status }) => status === 'running');
  await until(
    async () => (await unfinished()).length > 0 && (await unfinished()).every(({ step }) => step?.error?.code === 'other_account'),
    { what: 'the orders waiting' },
  );
  expect(await callsToOtherAccount()).toEqual([]);
  expect((await theirs.calls()).length).toBeLessThanOrEqual(2);
  expect(await theirs.droplets()).toEqual([]);

  await useRightToken();
  for (const id of orders) expect(await world.ended(id)).toMatchObject({ status: 'completed', error: null });
  expect(await world.alive()).toHaveLength(before.length + orders.length);
});

it('checks a token again when the last check is too old, before anything else is sent with it (E1) [INV-6]', async () => {
  useToken(OURS);
  await worker({ ACCOUNT_CHECK_MS: '300' });
  const { resourceId, dropletId } = await liveDroplet('checked-again');
  await world.simulator.faults([{ id: 'moved', match: { path: '/v2/account' }, effect: { type: 'other_account' } }]);
  await until(async () => (await world.simulator.fired()).moved === 0, { what: 'the rule being in force' });
  const age = performance.now();
  await until(() => performance.now() - age > 300, { what: 'the last check being too old' });
  const destroy = await start('destroy_droplet', { resource_id: resourceId });
  await waitsForToken(destroy);
  expect(await world.alive()).toContain(Number(dropletId));
  await world.simulator.faults([]);
  expect((await world.ended(destroy)).status).toBe('completed');
});

it('waits as in any outage while the account cannot be checked (E1) [INV-6]', async () => {
  useToken(OURS);
  await world.simulator.faults([{ id: 'down', match: { path: '/v2/account' }, times: 4, effect: { type: 'status', status: 503 } }]);
  await worker();
  const order = await start('provision_droplet', { ...ORDER, name: 'outage' });
  expect(await world.ended(order)).toMatchObject({ status: 'completed', error: null });
  expect((await world.simulator.fired()).down).toBe(4);
});
