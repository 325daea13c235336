import { until } from '../../support/until';
import { PLATFORM } from '../../support/principals';
import { newProvisioningWorld, ORDER, type ProvisioningWorld } from '../../support/provisioning-world';
import { aSaga, change } from '../../support/factories';

const CREATE = { method: 'POST', path: '/v2/droplets' };
const UNKNOWN_SAGA = '0190aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee';

let world: ProvisioningWorld;
beforeAll(async () => {
  world = await newProvisioningWorld({ REAPER_GRACE_MS: '500' });
});
afterAll(() => world.close());
afterEach(async () => {
  await world.simulator.faults([]);
  await world.simulator.setDroplets([]);
});

const asOwner = () => ({ query: world.asOwner });
const HOUR_MS = 3_600_000;

/** An order that a restore has reset to its beginning. It waits for an hour, so that the test can change the account first. */
function restoredOrder(): Promise<string> {
  const steps = ['create_droplet', 'await_active', 'register_droplet'];
  const times = { restored_at: new Date(), wake_at: new Date(Date.now() + HOUR_MS) };
  return aSaga(asOwner(), { kind: 'provision_droplet', input: ORDER, steps, ...times });
}

const marked = (saga: string, name: string) => ({ name, tags: ['managed-by-arcadia-cloud', `arcadia-saga-${saga}`] });
const orphansOf = async (sagaId: string) =>
  world.database.query('select kind, reason, asked_at is not null as asked from cloud_strays where saga_id = $1', [sagaId]);

it('destroys a droplet that was created after its saga was rolled back [SAG-9]', async () => {
  await world.simulator.faults([{ id: 'late', match: CREATE, times: 1, effect: { type: 'late_commit', ms: 3_600_000 } }]);
  const id = await world.start('provision_droplet', ORDER);
  await until(async () => (await world.simulator.fired()).late === 1, { what: 'the lost create' });
  await world.controls.cancel(PLATFORM, id, { by: { sub: 'ada', role: 'platform_admin' } });
  world.engine.wake();
  expect((await world.ended(id)).status).toBe('rolled_back');
  await world.simulator.advance(3_600_000);
  await until(async () => (await world.alive()).length === 1, { what: 'the late create' });
  await until(
    async () => {
      await world.reap();
      return (await world.alive()).length === 0;
    },
    { what: 'the end of the late droplet' },
  );
  expect(await orphansOf(id)).toEqual([{ kind: 'droplet', reason: 'late', asked: true }]);
});

it('reports an orphan of a saga that this database does not know, and never destroys it [SAG-8]', async () => {
  await world.simulator.setDroplets([marked(UNKNOWN_SAGA, 'orphan')]);
  await world.reap();
  expect(await world.alive()).toHaveLength(1);
  expect(await orphansOf(UNKNOWN_SAGA)).toEqual([{ kind: 'droplet', reason: 'unknown_saga', asked: false }]);
});

it('ignores a droplet with a tag that is only similar to the tag of a saga [SAG-7]', async () => {
  const saga = await world.run('provision_droplet', ORDER);
  const own = await world.simulator.droplets();
  await world.simulator.setDroplets([
    ...own,
    { name: 'web-1', tags: ['managed-by-arcadia-cloud', `arcadia-saga-${saga.id.slice(0, 8)}`] },
    { name: 'web-1', tags: ['managed-by-arcadia-cloud', `arcadia-saga-${saga.id}x`] },
  ]);
  await world.reap();
  expect(await world.alive()).toHaveLength(3);
});

it('destroys a duplicate that was created after its saga was accepted, also when the provider’s clock is a little behind [SAG-6]', async () => {
  const saga = await world.run('provision_droplet', ORDER);
  const own = await world.simulator.droplets();
  const createdAt = new Date(Date.parse(saga.created_at) - 60_000).toISOString().replace(/\.\d+/, '');
  await world.simulator.setDroplets([...own, { ...marked(saga.id, 'came-late'), created_at: createdAt }]);
  await until(
    async () => {
      await world.reap();
      return (await world.alive()).length === 1;
    },
    { what: 'the end of the duplicate' },
  );
  expect(await orphansOf(saga.id)).toEqual([{ kind: 'droplet', reason: 'duplicate', asked: true }]);
});

it('destroys nothing after a restore for a saga that was open in the backup [SAG-6, OPS-8]', async () => {
  await world.simulator.faults([
    { id: 'unavailable', match: { method: 'POST', path: '/v2/projects/*' }, effect: { type: 'status', status: 503 } },
  ]);
  const id = await world.start('provision_droplet', ORDER);
  await until(async () => (await world.reader.get(PLATFORM, id)).steps[0]?.status === 'completed', { what: 'the droplet' });
  // After a restore the database contains the system identifier of another cluster.
  await world.asOwner(`update database_timeline set system_identifier = 'the one before'`);
  const restored = await world.another();
  await world.reapWith(restored);
  await world.simulator.faults([]);
  expect((await world.ended(id)).status).toBe('completed');
  const own = await world.simulator.droplets();
  await world.simulator.setDroplets([...own, marked(id, 'made-after-the-backup')]);
  await world.reap();
  expect(await world.alive()).toHaveLength(2);
  expect(await orphansOf(id)).toEqual([{ kind: 'droplet', reason: 'restored', asked: false }]);
});

it('deletes the tag of a saga only when the saga has ended, the tag has no droplets and the grace period is over', async () => {
  const made = await world.run('provision_droplet', ORDER);
  const tagNames = async () => ((await world.simulator.account()) as { tags: { name: string }[] }).tags.map(({ name }) => name);
  const tag = `arcadia-saga-${made.id}`;
  await world.reap();
  expect(await tagNames()).toContain(tag);
  await world.simulator.setDroplets([]);
  await until(
    async () => {
      await world.reap();
      return !(await tagNames()).includes(tag);
    },
    { what: 'the end of the tag object' },
  );
  expect(await tagNames()).toContain('managed-by-arcadia-cloud');
});

it('tells the inventory of the tags that it deletes, so that the next sweep is not suspect however many they are [INV-3, INV-5]', async () => {
  const MANY = 8; // more than may vanish in one sweep
  const sagas = await Promise.all(Array.from({ length: MANY }, () => world.run('provision_droplet', ORDER)));
  const tags = sagas.map(({ id }) => `arcadia-saga-${id}`);
  const live = async () =>
    (
      await world.database.query(`select 1 from cloud_resources where kind = 'tag' and deleted_at is null and provider_id = any ($1)`, [
        tags,
      ])
    ).length;
  expect((await world.sweeps.run('tag', { trigger: 'manual' })).status).toBe('complete');
  expect(await live()).toBe(MANY);
  await world.simulator.setDroplets([]);
  await until(
    async () => {
      await world.reap();
      return (await live()) === 0;
    },
    { what: 'the tombstones of the tags' },
  );
  expect((await world.sweeps.run('tag', { trigger: 'manual' })).status).toBe('complete');
  expect(await world.database.query(`select 1 from cloud_sweeps where kind = 'tag' and status = 'suspect'`)).toEqual([]);
});

it('adopts the existing droplet when a restore has reset its saga to the beginning [SAG-6, OPS-8]', async () => {
  const id = await restoredOrder();
  await world.simulator.setDroplets([{ ...marked(id, ORDER.name), status: 'active' }]); // It was created after the backup.
  const [made] = await world.alive();
  await change(asOwner(), 'saga_runs', id, { wake_at: new Date() });
  const saga = await world.ended(id);
  expect(saga.context.create_droplet).toEqual({ adopted: true, droplet_id: String(made) });
  expect(await world.alive()).toEqual([made]);
});

it('reports a droplet with the full tag of a finished saga that is older than the saga, and never destroys it (E3) [SAG-6]', async () => {
  const saga = await world.run('provision_droplet', ORDER);
  const own = await world.simulator.droplets();
  await world.simulator.setDroplets([...own, { ...marked(saga.id, 'made-by-hand'), created_at: '2019-01-01T00:00:00Z' }]);
  for (let round = 0; round < 3; round++) await world.reap();
  expect(await world.alive()).toHaveLength(2);
  expect(await orphansOf(saga.id)).toEqual([{ kind: 'droplet', reason: 'older', asked: false }]);
});

it('never adopts a droplet that is older than the saga in its tag (E3) [SAG-6]', async () => {
  const id = await restoredOrder();
  await world.simulator.setDroplets([{ ...marked(id, ORDER.name), created_at: '2019-01-01T00:00:00Z' }]);
  const [old] = await world.alive();
  await change(asOwner(), 'saga_runs', id, { wake_at: new Date() });
  const saga = await world.ended(id);
  expect(saga.status).toBe('completed');
  expect(saga.context.create_droplet).not.toMatchObject({ droplet_id: String(old) });
  expect(await world.alive()).toHaveLength(2);
});

describe('after a restore that neither the server nor the mark at the provider shows', () => {
  /** A start that its backup has without an intent, and the object that it created since the backup. */
  const CREATED = {
    droplet: { kind: 'provision_droplet', input: ORDER, step: 'create_droplet' },
    snapshot: { kind: 'snapshot_droplet', input: {}, step: 'take_snapshot' },
    volume: { kind: 'create_volume', input: { kind: 'volume', name: 'data', size_gib: 10, region: 'fra1' }, step: 'create_volume' },
    firewall: {
      kind: 'create_firewall',
      input: { kind: 'firewall', name: 'web', inbound_rules: [], outbound_rules: [] },
      step: 'create_firewall',
    },
  } as const;
  const created_at = () => new Date().toISOString();
  const OBJECT = {
    droplet: (id: string) => ({ droplets: [{ ...marked(id, ORDER.name), status: 'active' }] }),
    snapshot: (id: string) => ({
      images: [{ id: 190_000_001, name: `arcadia-snap-1-${id}`, type: 'snapshot', created_at: created_at() }],
    }),
    volume: (id: string) => ({ volumes: [{ name: 'data', size_gigabytes: 10, tags: [`arcadia-saga-${id}`], created_at: created_at() }] }),
    firewall: (id: string) => ({ firewalls: [{ name: `arcadia-saga-${id}`, created_at: created_at() }] }),
  };

  it.each(['droplet', 'snapshot', 'volume', 'firewall'] as const)(
    'notices it by a %s that its open saga has no intent for (E3) [OPS-8]',
    async (kind) => {
      const { input, step, ...saga } = CREATED[kind];
      const id = await aSaga(asOwner(), { kind: saga.kind, input, steps: [step], wake_at: new Date(Date.now() + HOUR_MS) });
      await world.simulator.change(OBJECT[kind](id));
      await world.reap();
      expect(await world.database.query('select restored_at is not null as restored from saga_runs where id = $1', [id])).toEqual([
        { restored: true },
      ]);
    },
  );
});
