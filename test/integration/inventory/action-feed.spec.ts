import type { EventView, ResourceView } from '#libs/inventory';
import { until } from '../../support/until';
import { newWorld, type World } from '../../support/inventory-world';

const platform = { kind: 'platform' } as const;

let world: World;
beforeEach(async () => {
  world = await newWorld({}, { seed: 5 });
  await world.sweep('droplet');
  await world.sweep('action');
});
afterEach(() => world.close());

async function aDroplet(): Promise<ResourceView> {
  const { data } = await world.inventory.list(platform, { kind: 'droplet', status: 'active' }, { limit: 1 });
  if (!data[0]) throw new Error('the account has no active droplet');
  return data[0];
}

const eventsOf = async (id: string): Promise<EventView[]> => (await world.inventory.events(platform, id, { limit: 200 })).data;

/** Runs an action on the droplet that no saga asked for, and waits until it has completed. */
async function actOutsideSagas(providerId: string, body: object): Promise<string> {
  const { action } = (await world.simulator.call('POST', `/v2/droplets/${providerId}/actions`, body)) as { action: { id: number } };
  await until(async () => {
    const { actions } = (await world.simulator.account()) as { actions: { id: number; status: string }[] };
    return actions.some(({ id, status }) => id === action.id && status === 'completed');
  });
  return String(action.id);
}

it('records a resize outside our sagas with the pass that reads its action, and names that action as the cause (D3)', async () => {
  const droplet = await aDroplet();
  await actOutsideSagas(droplet.provider_id, { type: 'power_off' });
  const size = droplet.size_slug === 's-2vcpu-4gb' ? 's-4vcpu-8gb' : 's-2vcpu-4gb';
  const resizeId = await actOutsideSagas(droplet.provider_id, { type: 'resize', size, disk: false });
  await world.simulator.forgetCalls();
  expect(await world.sweep('action')).toMatchObject({ status: 'complete', updated: 1 });
  expect(await world.simulator.calls()).toHaveLength(2); // a page of the feed and the droplet
  expect(await world.inventory.get(platform, droplet.id)).toMatchObject({ size_slug: size, status: 'off' });
  const events = await eventsOf(droplet.id);
  const updated = events.find(({ type }) => type === 'updated');
  expect(updated).toMatchObject({
    source: 'action_feed',
    changes: { size_slug: { old: droplet.size_slug, new: size } },
    cause: { action_id: resizeId, action: 'resize' },
  });
  const reported = events.filter(({ type }) => type === 'provider_action').map(({ changes }) => changes);
  const of = (value: unknown) => ({ old: null, new: value });
  expect(reported).toContainEqual(
    expect.objectContaining({ action_id: of(resizeId), action: of('resize'), status: of('completed'), started_at: of(expect.any(String)) }),
  );
});

it('names the action also when the sweep observed the change before the feed reported the action', async () => {
  const droplet = await aDroplet();
  const renameId = await actOutsideSagas(droplet.provider_id, { type: 'rename', name: 'another-name' });
  await world.sweep('droplet');
  await world.sweep('action');
  const updated = (await eventsOf(droplet.id)).find(({ type }) => type === 'updated');
  expect(updated).toMatchObject({
    source: 'sweep',
    changes: { name: { new: 'another-name' } },
    cause: { action_id: renameId, action: 'rename' },
  });
});

it('records each action once, and reads one page while nothing happens', async () => {
  const droplet = await aDroplet();
  await actOutsideSagas(droplet.provider_id, { type: 'reboot' });
  for (let pass = 0; pass < 3; pass += 1) await world.sweep('action');
  const reported = (await eventsOf(droplet.id)).filter(({ changes }) => changes.action?.new === 'reboot');
  expect(reported).toHaveLength(1);
  await world.simulator.forgetCalls();
  await world.sweep('action');
  expect(await world.simulator.calls()).toHaveLength(1);
});

it('discovers a new droplet with the pass that reads the action that created it', async () => {
  const body = { name: 'fresh', size: 's-1vcpu-1gb', image: 'debian-12-x64', region: 'fra1' };
  const { droplet } = (await world.simulator.call('POST', '/v2/droplets', body)) as { droplet: { id: number } };
  expect(await world.sweep('action')).toMatchObject({ discovered: 1 });
  const { data } = await world.inventory.list(platform, { q: 'fresh' }, { limit: 5 });
  expect(data).toMatchObject([{ provider_id: String(droplet.id), kind: 'droplet' }]);
  const types = (await eventsOf(data[0]?.id ?? '')).map(({ type }) => type);
  expect(types).toContain('provider_action');
});

it('does not delete a destroyed droplet at once, because one answer is not three strikes', async () => {
  const droplet = await aDroplet();
  await world.simulator.call('DELETE', `/v2/droplets/${droplet.provider_id}`);
  await world.sweep('action');
  expect(await world.inventory.get(platform, droplet.id)).toMatchObject({ deleted_at: null });
});

it('requests a sweep of the kinds that an action changes without naming them', async () => {
  const droplet = await aDroplet();
  await actOutsideSagas(droplet.provider_id, { type: 'snapshot', name: 'before-the-change' });
  await world.sweep('action');
  const { data } = await world.ledger.list('snapshot', { limit: 5 });
  expect(data).toMatchObject([{ kind: 'snapshot', trigger: 'action_feed', status: 'running' }]);
});

it('ends a feed that breaks off as incomplete, and reads what it missed in the next pass [INV-4]', async () => {
  const droplet = await aDroplet();
  const rebootId = await actOutsideSagas(droplet.provider_id, { type: 'reboot' });
  await world.simulator.faults([{ id: 'html', match: { path: '/v2/actions' }, effect: { type: 'status', status: 524 } }]);
  expect(await world.sweep('action')).toMatchObject({ status: 'incomplete' });
  expect((await world.simulator.fired()).html).toBeGreaterThan(0);
  await world.simulator.faults([]);
  expect(await world.sweep('action')).toMatchObject({ status: 'complete' });
  const reported = (await eventsOf(droplet.id)).map(({ changes }) => changes.action_id?.new);
  expect(reported).toContain(rebootId);
});

it('records the end of an action that began more than an hour ago, and none that waited so long for its resource', async () => {
  const droplet = await aDroplet();
  const id = await actOutsideSagas(droplet.provider_id, { type: 'snapshot', name: 'long' });
  const unknown = await actOutsideSagas(droplet.provider_id, { type: 'reboot' });
  await world.sweep('action');
  const since = `first_read_at = clock_timestamp() - interval '2 hours'`;
  await world.database.query(
    `update cloud_provider_actions set status = 'in-progress', told_status = 'in-progress', ${since} where action_id = $1`,
    [id],
  );
  await world.database.query(`update cloud_provider_actions set told_status = null, ${since} where action_id = $1`, [unknown]);
  const known = (await eventsOf(droplet.id)).map(({ id: event }) => event);
  await world.sweep('action');
  const added = (await eventsOf(droplet.id)).filter((event) => !known.includes(event.id));
  expect(added).toMatchObject([{ type: 'provider_action', changes: { action_id: { new: id }, status: { new: 'completed' } } }]);
});
