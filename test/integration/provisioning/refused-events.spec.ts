import { until } from '../../support/until';
import { PLATFORM } from '../../support/principals';
import { newProvisioningWorld, ORDER, type ProvisioningWorld } from '../../support/provisioning-world';

const ADMIN = { by: { sub: 'ada', role: 'platform_admin' } } as const;
const ACTIONS = '/v2/droplets/*/actions';
/** Words that no client knows. */
const BODY = { id: 'unprocessable_entity', message: 'some other work is still going on for this droplet' };
const refused = (match: Record<string, unknown>, times?: number) => ({
  id: 'busy',
  match,
  ...(times !== undefined && { times }),
  effect: { type: 'status', status: 422, body: BODY },
});

let world: ProvisioningWorld;
beforeAll(async () => {
  world = await newProvisioningWorld();
});
afterAll(() => world.close());
afterEach(() => world.simulator.faults([]));

async function aDroplet(): Promise<{ resource_id: string; dropletId: number }> {
  const { context } = await world.run('provision_droplet', ORDER);
  const { resource_id } = context.register_droplet as { resource_id: string };
  return { resource_id, dropletId: Number((context.create_droplet as { droplet_id: string }).droplet_id) };
}

it.each([
  ['destroy_droplet', { method: 'DELETE', path: '/v2/droplets/*' }, {}],
  ['resize_droplet', { method: 'POST', path: ACTIONS }, { size_slug: 's-2vcpu-4gb' }],
  ['resize_droplet', { method: 'POST', path: ACTIONS, nth: 2 }, { size_slug: 's-2vcpu-4gb' }],
  ['resize_droplet', { method: 'POST', path: ACTIONS, nth: 2 }, { size_slug: 's-2vcpu-4gb', disk: true }],
  ['snapshot_droplet', { method: 'POST', path: ACTIONS }, {}],
])('completes %s after a refusal in unknown words of %j (A4) [SAG-10]', async (kind, match, more) => {
  const { resource_id } = await aDroplet();
  await world.simulator.faults([refused(match, 1)]);
  const saga = await world.run(kind, { resource_id, ...more });
  expect(await world.simulator.fired()).toEqual({ busy: 1 });
  expect(saga).toMatchObject({ status: 'completed', leftovers: [] });
});

it('waits while another action of the droplet is in progress, however often and in whatever words the provider refuses (A4) [SAG-10]', async () => {
  const { resource_id, dropletId } = await aDroplet();
  const { lags } = await world.simulator.account();
  await world.simulator.change({ lags: { ...lags, power_action_ms: 4_000 } });
  await world.simulator.call('POST', `/v2/droplets/${dropletId}/actions`, { type: 'reboot' });
  await world.simulator.faults([refused({ method: 'DELETE', path: '/v2/droplets/*' })]);
  const id = await world.start('destroy_droplet', { resource_id });
  await until(async () => ((await world.simulator.fired()).busy ?? 0) >= 12, { what: 'more refusals than tries' });
  expect((await world.reader.get(PLATFORM, id)).status).toBe('running');
  await world.simulator.faults([]);
  expect((await world.ended(id)).status).toBe('completed');
  await world.simulator.change({ lags });
});

it('destroys the droplet of a cancelled order after a refusal in unknown words (A4) [SAG-10]', async () => {
  const before = await world.alive();
  const id = await world.start('provision_droplet', ORDER);
  await until(async () => (await world.alive()).length > before.length, { what: 'the new droplet' });
  await world.simulator.faults([refused({ method: 'DELETE', path: '/v2/droplets/*' }, 1)]);
  await world.controls.cancel(PLATFORM, id, ADMIN);
  world.engine.wake();
  expect(await world.ended(id)).toMatchObject({ status: 'rolled_back', leftovers: [] });
  expect(await world.simulator.fired()).toEqual({ busy: 1 });
  expect(await world.alive()).toEqual(before);
});

it('rolls a destroy back that the provider refuses each time, because nothing has happened (A4) [SAG-10]', async () => {
  const { resource_id, dropletId } = await aDroplet();
  await world.asOwner('select 1');
  await world.simulator.faults([refused({ method: 'DELETE', path: '/v2/droplets/*' })]);
  const id = await world.start('destroy_droplet', { resource_id });
  await until(
    async () => {
      await world.asOwner(`update saga_runs set wake_at = clock_timestamp() where id = $1 and wake_at is not null`, [id]); // the backoff passes
      return (await world.reader.get(PLATFORM, id)).status !== 'running';
    },
    { what: 'the end of the tries' },
  );
  expect(await world.ended(id)).toMatchObject({ status: 'rolled_back', error: { code: 'refused_by_provider' } });
  expect(await world.alive()).toContain(dropletId);
});

it('says that a step had nothing to do, and why (A2) [SAG-9]', async () => {
  const { resource_id, dropletId } = await aDroplet();
  await world.simulator.call('POST', `/v2/droplets/${dropletId}/actions`, { type: 'power_off' });
  const isOff = async () => (await world.simulator.droplets()).find(({ id }) => id === dropletId)?.status === 'off';
  await until(isOff, { what: 'the machine being off' });
  const saga = await world.run('resize_droplet', { resource_id, size_slug: 's-2vcpu-4gb' });
  expect(saga.status).toBe('completed');
  const step = (name: string) => saga.steps.find((one) => one.name === name);
  expect(step('power_off')).toMatchObject({ status: 'skipped', error: null, reason: 'the droplet needs no power_off' });
  expect(step('power_on')).toMatchObject({ status: 'skipped', reason: 'the droplet was off before', output: { stays_off: true } });
  expect(step('resize')).toMatchObject({ status: 'completed', reason: null });
});

it('takes region, size, image and the fingerprint of a key in capitals (A1) [SAG-1]', async () => {
  const order = { ...ORDER, region: 'FRA1', size_slug: 'S-1VCPU-1GB', image: 'Ubuntu-24-04-x64' };
  const saga = await world.run('provision_droplet', order);
  expect(saga).toMatchObject({ status: 'completed', input: { region: 'fra1', size_slug: 's-1vcpu-1gb', image: 'ubuntu-24-04-x64' } });
});
