import type { DomainError } from '#libs/kernel';
import { OwnershipService } from '#libs/inventory';
import { ResourceProtection } from '#libs/provisioning';
import { SagaRegistry, SagaStarter, type SagaView } from '#libs/saga';
import { Client } from 'pg';
import { ADMIN, PLATFORM } from '../../support/principals';
import { ACME, newProvisioningWorld, ORDER, type ProvisioningWorld } from '../../support/provisioning-world';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { until } from '../../support/until';
import { PRODUCT_KINDS } from './product-cases';

const ZONE = 'shop.example';
const RECORD = { dns_domain: ZONE, dns_record_type: 'A', dns_record_name: 'api', dns_record_data: '203.0.113.1' };
const ACME_TENANT = { kind: 'tenant', tenantId: 'acme' } as const;
const DESTROY = { method: 'DELETE', path: '/v2/droplets/*' };

let stored: TestDatabase;
let world: ProvisioningWorld;
let protection: ResourceProtection;
beforeAll(async () => {
  stored = await createTestDatabase();
  world = await newProvisioningWorld({ REAPER_GRACE_MS: '500' }, stored);
  protection = world.get(ResourceProtection);
  await world.simulator.change({
    domains: [{ name: ZONE }],
    domain_records: [{ id: 1_800_000_001, domain: ZONE, type: 'A', name: 'api', data: '203.0.113.1', ttl: 1800 }],
    members: [{ project_id: ACME, urn: `do:domain:${ZONE}` }],
  });
  await world.sweeps.run('dns_zone', { trigger: 'manual' });
  await world.sweeps.run('project', { trigger: 'manual' });
});
afterAll(() => world.close());
afterEach(() => world.simulator.faults([]));

async function aDroplet(name: string): Promise<{ resourceId: string; dropletId: number; name: string }> {
  const { context } = await world.run('provision_droplet', { ...ORDER, name });
  const { droplet_id } = context.create_droplet as { droplet_id: string };
  return { resourceId: (context.register_droplet as { resource_id: string }).resource_id, dropletId: Number(droplet_id), name };
}
const zoneRow = () => world.resource('dns_zone', ZONE);
const records = async () => (await world.simulator.account()).domain_records.map(({ type, name, data }) => `${type} ${name} ${data}`);
const live = async (id: number) =>
  (await world.simulator.droplets()).find((droplet) => droplet.id === id && droplet.deleted_at === undefined);

describe('a protected resource and every kind of saga', () => {
  let droplet: Awaited<ReturnType<typeof aDroplet>>;
  beforeAll(async () => {
    droplet = await aDroplet('kept');
    await protection.set(PLATFORM, droplet.resourceId, true, ADMIN);
    await protection.set(PLATFORM, (await zoneRow())?.id ?? '', true, ADMIN);
  });
  afterAll(async () => protection.set(PLATFORM, (await zoneRow())?.id ?? '', false, ADMIN));

  /** By kind: its starts on the protected things, and whether they are refused. */
  const STARTS: Readonly<Record<string, readonly { input: () => Record<string, unknown>; refused: boolean }[]>> = {
    destroy_droplet: [{ input: () => ({ resource_id: droplet.resourceId, expected_name: droplet.name }), refused: true }],
    resize_droplet: [
      { input: () => ({ resource_id: droplet.resourceId, size_slug: 's-2vcpu-4gb', disk: true }), refused: true },
      { input: () => ({ resource_id: droplet.resourceId, size_slug: 's-2vcpu-4gb' }), refused: false },
    ],
    power_droplet: ['reboot', 'off', 'on'].map((action) => ({
      input: () => ({ resource_id: droplet.resourceId, action }),
      refused: false,
    })),
    snapshot_droplet: [{ input: () => ({ resource_id: droplet.resourceId }), refused: false }],
    revert_droplet: [{ input: () => ({ resource_id: droplet.resourceId, fields: ['size_slug'] }), refused: false }],
    delete_dns_record: [{ input: () => RECORD, refused: true }],
    upsert_dns_record: [{ input: () => RECORD, refused: false }],
    provision_droplet: [{ input: () => ({ ...ORDER, name: 'another' }), refused: false }],
  };
  /** They work on nothing of a person's: the test of the reaper's rules is below. */
  const OF_NO_RESOURCE = ['demo', 'undo_late_write'];

  it('has a start of every kind that this release knows [TNT-5]', () => {
    const all = [...Object.keys(STARTS), ...OF_NO_RESOURCE, ...Object.keys(PRODUCT_KINDS).filter((label) => !label.includes(':'))]; // the last are played by product-sagas.spec.ts
    expect(world.get(SagaRegistry).known().kinds.sort()).toEqual(all.sort());
  });

  it.each(Object.entries(STARTS))('is destroyed and overwritten by no %s [TNT-5]', async (kind, starts) => {
    for (const { input, refused } of starts) {
      const before = await live(droplet.dropletId);
      const zoneBefore = await records();
      const outcome = await world.run(kind, input()).then(
        ({ status }) => status,
        ({ code }: DomainError) => code,
      );
      expect(outcome).toBe(refused ? 'resource_protected' : 'completed');
      expect(await live(droplet.dropletId)).toMatchObject({ disk: before?.disk, created_at: before?.created_at });
      expect(await records()).toEqual(zoneBefore);
    }
  });
});

/** Runs a saga while a transaction locks the resource; the statement is committed when the saga, right before its write, waits for it. */
async function runBehind(resourceId: string, statement: string, kind: string, input: Record<string, unknown>): Promise<SagaView> {
  const admin = new Client({ connectionString: stored.ownerUrl });
  await admin.connect();
  await admin.query(`begin; select 1 from cloud_resources where id = '${resourceId}' for update`);
  const id = await world.start(kind, input);
  await until(async () => (await admin.query(WAITING)).rowCount === 1, { what: 'the saga that waits for the change' });
  await admin.query(`${statement}; commit`);
  await admin.end();
  return world.ended(id);
}

describe('a protection that is set while a saga is on its way', () => {
  const protectedBy = (id: string, by: string) => `update cloud_resources set protected_by = ${by} where id = '${id}'`;

  it('stops the destroy right before it, also when it is committed only while the saga looks [TNT-5]', async () => {
    const { resourceId, dropletId, name } = await aDroplet('saved');
    const input = { resource_id: resourceId, expected_name: name };
    const saga = await runBehind(resourceId, protectedBy(resourceId, `'admin'`), 'destroy_droplet', input);
    expect(saga).toMatchObject({ status: 'rolled_back', error: { step: 'destroy_droplet', code: 'resource_protected' } });
    expect(await live(dropletId)).toMatchObject({ status: 'active' });
    expect((await world.simulator.calls()).filter(({ method, path }) => method === 'DELETE' && path.endsWith(String(dropletId)))).toEqual(
      [],
    );
  });

  it('stops the delete of a record right before it when its zone is protected [TNT-5]', async () => {
    const zoneId = (await zoneRow())?.id ?? '';
    const before = await records();
    const saga = await runBehind(zoneId, protectedBy(zoneId, `'admin'`), 'delete_dns_record', RECORD);
    await world.asOwner(protectedBy(zoneId, 'null'));
    expect(saga).toMatchObject({ status: 'rolled_back', error: { step: 'delete_record', code: 'resource_protected' } });
    expect(await records()).toEqual(before);
  });

  it('is refused once the destroy has begun, and accepted again after its end [TNT-5]', async () => {
    const { resourceId, name } = await aDroplet('too-late');
    await world.simulator.faults([{ id: 'slow', match: DESTROY, effect: { type: 'status', status: 429 } }]);
    const id = await world.start('destroy_droplet', { resource_id: resourceId, expected_name: name });
    await until(async () => ((await world.simulator.fired()).slow ?? 0) > 0, { what: 'the destroy' });
    await expect(protection.set(ACME_TENANT, resourceId, true, ADMIN)).rejects.toMatchObject({ code: 'resource_busy' });
    await world.simulator.faults([]);
    expect((await world.ended(id)).status).toBe('completed');
    await expect(protection.set(PLATFORM, resourceId, true, ADMIN)).rejects.toMatchObject({ code: 'resource_gone' });
  });

  it('stops a resize with disk, and the machine runs again with its size [TNT-5]', async () => {
    const { resourceId, dropletId } = await aDroplet('small');
    await world.simulator.faults([
      { id: 'off', match: { method: 'POST', path: '/v2/droplets/*/actions' }, times: 1, effect: { type: 'hold' } },
    ]);
    const id = await world.start('resize_droplet', { resource_id: resourceId, size_slug: 's-2vcpu-4gb', disk: true });
    await world.simulator.untilHeld('off');
    await protection.set(ACME_TENANT, resourceId, true, ADMIN);
    await world.simulator.faults([]);
    expect(await world.ended(id)).toMatchObject({ status: 'rolled_back', error: { step: 'resize_with_disk', code: 'resource_protected' } });
    expect(await live(dropletId)).toMatchObject({ status: 'active', size_slug: ORDER.size_slug });
  });

  it.each([
    {
      what: 'got another owner',
      code: 'owner_changed',
      statement: (id: string) => `update cloud_resources set tenant_id = 'globex', owner_override = 'globex' where id = '${id}'`,
    },
    {
      what: 'has an owner that was closed',
      code: 'tenant_not_active',
      statement: () => `update tenants set status = 'closed', closed_at = clock_timestamp() where id = 'acme'`,
    },
  ])('stops a destroy whose target $what meanwhile [TNT-5, TEN-6]', async ({ what, code, statement }) => {
    const { resourceId, dropletId, name } = await aDroplet(what.replaceAll(' ', '-'));
    const saga = await runBehind(resourceId, statement(resourceId), 'destroy_droplet', { resource_id: resourceId, expected_name: name });
    await world.asOwner(`update tenants set status = 'active', closed_at = null where id = 'acme'`);
    expect(saga).toMatchObject({ status: 'rolled_back', error: { code } });
    expect(await live(dropletId)).toBeDefined();
  });
});

describe('who may lift a protection', () => {
  it('lets a tenant protect and release its own, and leaves the protection of an admin to admins [TNT-5, TEN-3]', async () => {
    const { resourceId } = await aDroplet('owned');
    await protection.set(ACME_TENANT, resourceId, true, ADMIN);
    expect(await world.inventory.get(PLATFORM, resourceId)).toMatchObject({ protected: true, protected_by: 'tenant' });
    await protection.set(ACME_TENANT, resourceId, false, ADMIN);
    await protection.set(PLATFORM, resourceId, true, ADMIN);
    await protection.set(ACME_TENANT, resourceId, true, ADMIN); // adds nothing to that of the admin
    await expect(protection.set(ACME_TENANT, resourceId, false, ADMIN)).rejects.toMatchObject({ code: 'protected_by_admin' });
    await expect(protection.set({ kind: 'tenant', tenantId: 'globex' }, resourceId, true, ADMIN)).rejects.toMatchObject({
      code: 'resource_not_found',
    });
    expect(await world.inventory.get(PLATFORM, resourceId)).toMatchObject({ protected: true, protected_by: 'admin' });
    const { data } = await world.inventory.list(PLATFORM, { protected: true, kind: 'droplet' }, { limit: 200 });
    expect(data.map(({ id }) => id)).toContain(resourceId);
    const { data: then } = await world.inventory.list(PLATFORM, { protected: true }, { limit: 200 }, new Date().toISOString());
    expect(then.map(({ id }) => id)).toContain(resourceId);
    await protection.set(PLATFORM, resourceId, false, ADMIN);
    expect(await world.inventory.get(PLATFORM, resourceId)).toMatchObject({ protected: false, protected_by: null });
  });
});

describe('the reaper', () => {
  it('reports a protected duplicate instead of destroying it, and destroys it when the protection is lifted [TNT-5, SAG-6]', async () => {
    const saga = await world.run('provision_droplet', { ...ORDER, name: 'twin' });
    const own = await world.simulator.droplets();
    const tags = ['managed-by-arcadia-cloud', `arcadia-saga-${saga.id}`];
    await world.simulator.setDroplets([...own, { name: 'twin-2', tags }]);
    const twin = (await world.simulator.droplets()).find(({ name }) => name === 'twin-2')?.id ?? 0;
    await until(
      async () => {
        await world.sweeps.run('droplet', { trigger: 'manual' });
        return (await world.resource('droplet', String(twin))) !== undefined;
      },
      { what: 'the row of the duplicate' },
    );
    const id = (await world.resource('droplet', String(twin)))?.id ?? '';
    await protection.set(PLATFORM, id, true, ADMIN);
    await world.reap();
    expect(await world.alive()).toContain(twin);
    expect(await world.database.query('select reason, asked_at from cloud_strays where provider_id = $1', [String(twin)])).toEqual([
      { reason: 'duplicate', asked_at: null },
    ]);
    await protection.set(PLATFORM, id, false, ADMIN);
    await until(
      async () => {
        await world.reap();
        return !(await world.alive()).includes(twin);
      },
      { what: 'the end of the duplicate' },
    );
  });
});

describe('the tenant of a saga', () => {
  it('is the owner of the target at the start, whoever asks [TEN-3]', async () => {
    const { resourceId } = await aDroplet('theirs');
    const starts = world.get(SagaStarter);
    const ofZone = await starts.start({ kind: 'upsert_dns_record', input: { ...RECORD }, tenantId: null, because: ADMIN });
    expect(await world.ended(ofZone)).toMatchObject({ tenant_id: 'acme' });
    const ofDroplet = await world.run('snapshot_droplet', { resource_id: resourceId }, null);
    expect(ofDroplet).toMatchObject({ tenant_id: 'acme', created_by: 'ada' });
    expect(await world.reader.get(ACME_TENANT, ofDroplet.id)).toMatchObject({ created_by: 'operator' });
    await expect(world.controls.cancel(ACME_TENANT, ofDroplet.id, ADMIN)).rejects.toMatchObject({ code: 'operator_saga' });
    await world.get(OwnershipService).setOwner(resourceId, 'globex', ADMIN);
    expect(await world.run('snapshot_droplet', { resource_id: resourceId }, null)).toMatchObject({ tenant_id: 'globex' });
  });
});

/** Another session waits for the end of the transaction of this one. */
const WAITING = `select 1 from pg_locks where not granted and locktype = 'transactionid' and transactionid = pg_current_xact_id()::xid`;
