import { OwnershipService } from '#libs/inventory';
import { SagaRegistry, type SagaView } from '#libs/saga';
import { Client } from 'pg';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { ADMIN, PLATFORM } from '../../support/principals';
import { ACME, newProvisioningWorld, ORDER, type ProvisioningWorld } from '../../support/provisioning-world';
import { until } from '../../support/until';
import { addPlaces, PRODUCT_KINDS, type Place } from './product-cases';

const ZONE = 'shop.example';
const RECORD = { dns_domain: ZONE, dns_record_type: 'A', dns_record_name: 'api', dns_record_data: '203.0.113.1' };
/** Another session waits for the end of the transaction of this one. */
const WAITING = `select 1 from pg_locks where not granted and locktype = 'transactionid' and transactionid = pg_current_xact_id()::xid`;

type Start = { readonly kind: string; readonly input: Record<string, unknown>; readonly tenantId: string | null };
type Ids = (kind: string, providerId: string | number) => string;

let stored: TestDatabase;
let world: ProvisioningWorld;
let places: Place[];
let idOf: Ids;
beforeAll(async () => {
  stored = await createTestDatabase();
  world = await newProvisioningWorld({ SAGA_OPEN_PER_TENANT: '1000' }, stored);
  await world.simulator.change({
    domains: [{ name: ZONE }],
    domain_records: [{ id: 1_800_000_001, domain: ZONE, type: 'A', name: 'api', data: '203.0.113.1', ttl: 1800 }],
    members: [{ project_id: ACME, urn: `do:domain:${ZONE}` }],
  });
  await world.sweeps.run('dns_zone', { trigger: 'manual' });
  ({ places, idOf } = await addPlaces(world, 0, Object.keys(CHANGES).length + COMPANIONS.length + 2));
});
afterAll(() => world.close());
afterEach(() => world.simulator.faults([]));

/** Starts on droplets and records, besides those of `PRODUCT_KINDS`. */
const OTHERS: Readonly<Record<string, (place: Place, id: Ids) => Record<string, unknown> & { readonly desired?: object }>> = {
  power_droplet: (place, id) => ({ resource_id: id('droplet', place.droplet), action: 'off' }),
  'power_droplet: reboot': (place, id) => ({ resource_id: id('droplet', place.droplet), action: 'reboot' }),
  snapshot_droplet: (place, id) => ({ resource_id: id('droplet', place.droplet) }),
  resize_droplet: (place, id) => ({ resource_id: id('droplet', place.droplet), size_slug: 's-2vcpu-4gb' }),
  destroy_droplet: (place, id) => ({ resource_id: id('droplet', place.droplet), expected_name: `one-${place.nr}` }),
  'revert_droplet: name': (place, id) => ({
    resource_id: id('droplet', place.droplet),
    fields: ['name'],
    desired: { name: `wanted-${place.nr}` },
  }),
  'revert_droplet: tags': (place, id) => ({ resource_id: id('droplet', place.droplet), fields: ['tags'], desired: { tags: ['wanted'] } }),
  upsert_dns_record: () => ({ ...RECORD, dns_record_name: 'new' }),
  delete_dns_record: () => RECORD,
};
/** They change nothing that existed before. */
const CREATES = ['create_volume', 'reserve_ip', 'create_firewall', 'provision_droplet'];
/** They work on nothing of a person's. */
const OF_NO_RESOURCE = ['demo', 'undo_late_write'];
/** A start of each kind that changes an object of a tenant. */
const CHANGES = Object.fromEntries([
  ...Object.entries(PRODUCT_KINDS)
    .filter(([kind]) => !CREATES.includes(kind))
    .map(([label, make]) => [label, (place: Place, id: Ids) => ({ ...make(place, id).input, desired: make(place, id).desired })] as const),
  ...Object.entries(OTHERS),
]);
/** Kinds in which a droplet takes part beside the object. */
const COMPANIONS = ['attach_volume', 'assign_ip', 'attach_firewall', 'create_firewall', 'create_volume'];

const kindOf = (label: string): string => label.split(':')[0] ?? '';

async function startOf(label: string, made: Record<string, unknown>): Promise<Start> {
  const { desired, ...input } = made;
  if (desired)
    await world.asOwner('insert into cloud_provisioned (resource_id, spec) values ($1, $2)', [input.resource_id, JSON.stringify(desired)]);
  const kind = kindOf(label);
  return { kind, input, tenantId: kind.startsWith('revert') || kind === 'tag_resource' ? null : 'acme' };
}

/** Runs a saga while another session locks the resource, and changes owners when the saga, right before its write, waits for the lock. */
async function runBehind(
  resourceId: string,
  { kind, input, tenantId }: Start,
  change: (admin: Client) => Promise<unknown>,
): Promise<SagaView> {
  const admin = new Client({ connectionString: stored.ownerUrl });
  await admin.connect();
  try {
    await admin.query(`begin; select 1 from cloud_resources where id = '${resourceId}' for update`);
    const id = await world.start(kind, input, tenantId);
    await until(async () => (await admin.query(WAITING)).rowCount === 1, { what: `the ${kind} that waits right before its write` });
    await change(admin);
    await admin.query('commit');
    return await world.ended(id);
  } finally {
    await admin.end();
  }
}

const giveAway = (id: string) => (admin: Client) =>
  admin.query(`update cloud_resources set tenant_id = 'globex', owner_override = 'globex' where id = '${id}'`);
const writes = async () => (await world.simulator.calls()).filter(({ method }) => method !== 'GET').length;

it('has a start of every kind that changes an object [TEN-6]', () => {
  const covered = [...new Set(Object.keys(CHANGES).map(kindOf)), ...CREATES, ...OF_NO_RESOURCE];
  expect(world.get(SagaRegistry).known().kinds.sort()).toEqual(covered.sort());
});

it.each(Object.keys(CHANGES))('sends no write of %s when its object got another owner meanwhile [TEN-6]', async (label) => {
  const place = places[Object.keys(CHANGES).indexOf(label)];
  const make = CHANGES[label];
  if (!place || !make) throw new Error(`there is no place for ${label}`);
  const start = await startOf(label, make(place, idOf));
  const zone = await world.resource('dns_zone', ZONE);
  const target = typeof start.input.resource_id === 'string' ? start.input.resource_id : (zone?.id ?? '');
  const before = await writes();
  const saga = await runBehind(target, start, giveAway(target));
  if (target === zone?.id)
    await world.asOwner(`update cloud_resources set tenant_id = 'acme', owner_override = null where id = '${target}'`);
  expect({ label, status: saga.status, code: saga.error?.code }).toEqual({ label, status: 'rolled_back', code: 'owner_changed' });
  expect(await writes()).toBe(before);
});

it.each(COMPANIONS)('leaves a droplet alone that got another owner since %s was started [TEN-6]', async (kind) => {
  const place = places[Object.keys(CHANGES).length + COMPANIONS.indexOf(kind)];
  const make = PRODUCT_KINDS[kind];
  if (!place || !make) throw new Error(`there is no place for ${kind}`);
  const { input } = make(place, idOf);
  const [droplet] = (input.droplet_resource_ids as string[] | undefined) ?? [String(input.droplet_resource_id ?? input.attach_to)];
  const saga = await runBehind(String(droplet), { kind, input, tenantId: 'acme' }, async (admin) => {
    await giveAway(String(droplet))(admin);
    await admin.query(EVENT, [droplet]);
  });
  expect(saga).toMatchObject({ status: 'rolled_back', error: { code: 'owner_changed' } });
});

it('lets an admin bring together what belongs to different tenants [TEN-6]', async () => {
  const place = places.at(-1);
  if (!place) throw new Error('there is no place');
  const droplet = idOf('droplet', place.droplet);
  await world.get(OwnershipService).setOwner(droplet, 'globex', ADMIN);
  const input = { resource_id: idOf('floating_ip', place.ip), droplet_resource_id: droplet };
  expect(await world.run('assign_ip', input, null)).toMatchObject({ status: 'completed', tenant_id: 'acme' });
});

it('does not grow the volume of another tenant when a saga of its former owner is retried [TEN-6]', async () => {
  const place = places.at(-2);
  if (!place) throw new Error('there is no place');
  const volume = idOf('volume', place.volume);
  await world.simulator.faults([
    { id: 'late', match: { method: 'POST', path: `/v2/volumes/${place.volume}/actions` }, effect: { type: 'status', status: 504 } },
  ]);
  const id = await world.start('resize_volume', { resource_id: volume, size_gib: 25 });
  await until(async () => ((await world.simulator.fired()).late ?? 0) > 0, { what: 'the write without an answer' });
  await world.asOwner(`update saga_steps set tried_since = tried_since - interval '1 hour', started_at = started_at - interval '1 hour' where saga_id = $1`, [id]); // prettier-ignore
  expect(await world.ended(id)).toMatchObject({ status: 'failed' });
  await world.get(OwnershipService).setOwner(volume, 'globex', ADMIN);
  await world.simulator.faults([]);
  await world.controls.retry(PLATFORM, id, ADMIN);
  await until(async () => (await world.reader.get(PLATFORM, id)).error?.code === 'owner_changed', { what: 'the refusal' });
  const { volumes } = await world.simulator.account();
  expect(volumes.find((one) => one.id === place.volume)?.size_gigabytes).toBe(10);
});

it('creates nothing in a project that got another owner meanwhile [TEN-6]', async () => {
  await world.simulator.faults([
    { id: 'made', match: { method: 'POST', path: '/v2/droplets' }, times: 1, effect: { type: 'hold', after: 'effect' } },
  ]);
  const id = await world.start('provision_droplet', { ...ORDER, name: 'moved-on' });
  await world.simulator.untilHeld('made');
  await world.asOwner(`update cloud_projects set tenant_id = 'globex' where id = $1`, [world.projectId]);
  await world.simulator.faults([]);
  const saga = await world.ended(id);
  await world.asOwner(`update cloud_projects set tenant_id = 'acme' where id = $1`, [world.projectId]);
  expect(saga).toMatchObject({ status: 'rolled_back', error: { step: 'assign_project', code: 'owner_changed' } });
});

it('reserves no address in a project that got another owner meanwhile [TEN-6]', async () => {
  const reservations = async () =>
    (await world.simulator.calls()).filter((one) => one.method === 'POST' && one.path === '/v2/reserved_ips');
  await world.simulator.faults([{ id: 'listed', match: { method: 'GET', path: '/v2/reserved_ips' }, times: 1, effect: { type: 'hold' } }]);
  const before = (await reservations()).length;
  const id = await world.start('reserve_ip', { region: 'fra1', project_id: world.projectId });
  await world.simulator.untilHeld('listed');
  await world.asOwner(`update cloud_projects set tenant_id = 'globex' where id = $1`, [world.projectId]);
  await world.simulator.faults([]);
  const saga = await world.ended(id);
  await world.asOwner(`update cloud_projects set tenant_id = 'acme' where id = $1`, [world.projectId]);
  expect(saga).toMatchObject({ status: 'rolled_back', error: { step: 'reserve_ip', code: 'owner_changed' } });
  expect(await reservations()).toHaveLength(before);
});

/** What the inventory records of a new owner. $1 resource. */
const EVENT = `
insert into cloud_resource_events (resource_id, type, source, changes) values ($1, 'attributed', 'admin', '{"tenant_id": {"old": "acme", "new": "globex"}}')`;
