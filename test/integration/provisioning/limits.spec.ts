import { randomUUID } from 'node:crypto';
import { Acceptance, SagaApprovals, type LimitReading } from '#libs/saga';
import { TenantLimits } from '#libs/tenants';
import { ADMIN } from '../../support/principals';
import { newProvisioningWorld, ORDER, type ProvisioningProcess, type ProvisioningWorld } from '../../support/provisioning-world';
import { until } from '../../support/until';

const BOSS = { by: { sub: 'boss', role: 'platform_admin' }, reason: 'agreed' };
const UNLIMITED = {
  max_droplets: null,
  max_vcpus: null,
  max_volume_gib: null,
  max_snapshots: null,
  max_monthly_cost: null,
  allowed_sizes: null,
  allowed_regions: null,
  approval_over_monthly: null,
  max_destroys_per_hour: null,
  unique_names: false,
  open_sagas: null,
};

let world: ProvisioningWorld;
let another: ProvisioningProcess;
beforeAll(async () => {
  world = await newProvisioningWorld();
  another = await world.another();
});
afterAll(() => world.close());
afterEach(async () => {
  await world.simulator.faults([]);
  await limit({});
});

const limit = (limits: object) => world.get(TenantLimits).replace('acme', { ...UNLIMITED, ...limits }, ADMIN);
const refusalOf = (start: Promise<string>): Promise<object> =>
  start.then(
    () => ({ code: 'accepted' }),
    (error: object) => error,
  );

/** How the limits of acme stand towards another small droplet. */
async function readings(): Promise<Record<string, LimitReading>> {
  const start = { kind: 'provision_droplet', input: { ...ORDER, name: 'probe' }, tenantId: 'acme', ownerId: 'acme' };
  const { limits } = await world.get(Acceptance).judge(start, world.database);
  return Object.fromEntries(limits.map((reading) => [reading.limit, reading]));
}
async function droplets(): Promise<number> {
  const { max_droplets: reading } = await readings();
  return Number(reading?.used) + Number(reading?.reserved);
}
async function aDroplet(name: string): Promise<string> {
  const { context } = await world.run('provision_droplet', { ...ORDER, name });
  return (context as { register_droplet: { resource_id: string } }).register_droplet.resource_id;
}
async function countedWhile(work: Promise<unknown>): Promise<number[]> {
  const counts = new Set<number>();
  const over = new AbortController();
  const ended = work.finally(() => over.abort());
  while (!over.signal.aborted) counts.add(await droplets());
  await ended;
  return [...counts];
}

it('counts a droplet exactly once from its order to its last day, also while it is half done, off, missing or half undone [TNT-2]', async () => {
  const before = await droplets();
  const id = await world.start('provision_droplet', { ...ORDER, name: 'once' });
  expect(await countedWhile(world.ended(id))).toEqual([before + 1]);
  const { context } = await world.reader.get({ kind: 'platform' }, id);
  const made = context as { create_droplet: { droplet_id: string }; register_droplet: { resource_id: string } };
  for (const [status, strikes] of [
    ['off', 0],
    ['active', 2],
    ['active', 0],
  ]) {
    const state = [made.register_droplet.resource_id, status, strikes];
    await world.asOwner('update cloud_resources set status = $2, stale_strike_count = $3 where id = $1', state);
    expect([status, strikes, await droplets()]).toEqual([status, strikes, before + 1]);
  }
  await world.simulator.faults([
    { id: 'no_project', match: { method: 'POST', path: '/v2/projects/*' }, effect: { type: 'status', status: 403 } },
    { id: 'undoing', match: { method: 'DELETE', path: '/v2/droplets/*' }, times: 1, effect: { type: 'hold' } },
  ]);
  const undone = await world.start('provision_droplet', { ...ORDER, name: 'undone' });
  await world.simulator.untilHeld('undoing');
  expect([(await world.reader.get({ kind: 'platform' }, undone)).status, await droplets()]).toEqual(['compensating', before + 2]);
  await world.simulator.faults([]);
  await world.ended(undone);
  expect(await droplets()).toBe(before + 1);
  await world.run('destroy_droplet', { resource_id: made.register_droplet.resource_id });
  expect(await droplets()).toBe(before);
});

it('refuses with the limit and its numbers, and accepts an admin with an override, which the audit log names [TNT-2]', async () => {
  await limit({ max_droplets: 0, allowed_sizes: ['c-*'] });
  const order = { kind: 'provision_droplet', input: { ...ORDER, project_id: world.projectId }, tenantId: null, ownerId: 'acme' };
  expect(await refusalOf(world.starts.start({ ...order, because: ADMIN }))).toMatchObject({ code: 'not_allowed' });
  await limit({ max_droplets: 0 });
  expect(await refusalOf(world.starts.start({ ...order, because: ADMIN }))).toMatchObject({
    code: 'limit_exceeded',
    reading: { limit: 'max_droplets', allowed: 0, used: 0, reserved: 0, requested: 1 },
  });
  const [refusal] = await world.asOwner(`select tenant_id, data from events where type = 'limit.refused' order by seq desc limit 1`);
  expect(refusal).toMatchObject({ tenant_id: 'acme', data: { code: 'limit_exceeded', limits: [{ limit: 'max_droplets', allowed: 0 }] } });
  const id = await world.starts.start({ ...order, override: true, because: { ...ADMIN, reason: 'for the fair' } });
  const [entry] = await world.asOwner(`select reason, details from audit_log where action = 'saga_started' and target_id = $1`, [id]);
  expect(entry).toMatchObject({ reason: 'for the fair', details: { override: ['max_droplets'] } });
  const { context } = await world.ended(id);
  const made = context as { register_droplet: { resource_id: string } };
  expect(await refusalOf(world.start('provision_droplet', ORDER))).toMatchObject({ code: 'limit_exceeded' });
  await world.run('destroy_droplet', { resource_id: made.register_droplet.resource_id });
});

it('never passes a limit by concurrent starts of two processes, and lets a lowered one stand [TNT-2]', async () => {
  await limit({ max_droplets: 4, unique_names: true });
  const orders = Array.from({ length: 24 }, (_, nr) => {
    const request = { kind: 'provision_droplet', input: { ...ORDER, name: `many-${nr % 12}` }, tenantId: 'acme', because: ADMIN };
    return refusalOf((nr % 2 === 0 ? world : another).starts.start(request)) as Promise<{ code: string }>;
  });
  const codes = (await Promise.all(orders)).map(({ code }) => code);
  expect(codes.filter((code) => code === 'accepted')).toHaveLength(4);
  expect(new Set(codes)).toEqual(new Set(['accepted', 'limit_exceeded', ...(codes.includes('name_taken') ? ['name_taken'] : [])]));
  world.engine.wake();
  await until(async () => (await world.alive()).length === 4);
  await limit({ max_droplets: 1, max_destroys_per_hour: 1 });
  await until(async () => (await readings()).max_droplets?.reserved === 0, { withinMs: 60_000 });
  const rows = await world.inventory.list({ kind: 'platform' }, { kind: 'droplet', tenant_id: 'acme' }, { limit: 10 });
  const ids = rows.data.filter(({ deleted_at }) => deleted_at === null).map(({ id }) => id);
  expect(ids).toHaveLength(4);
  expect(await refusalOf(world.start('provision_droplet', { ...ORDER, name: 'more' }))).toMatchObject({ code: 'limit_exceeded' });
  await limit({ max_destroys_per_hour: 0 });
  expect(await refusalOf(world.start('destroy_droplet', { resource_id: ids[0] }))).toMatchObject({ code: 'too_many_destroys' });
  await limit({});
  await Promise.all(ids.map((resource_id) => world.run('destroy_droplet', { resource_id })));
  expect(await world.alive()).toEqual([]);
});

it('lets an order above the limit for approval make no call until it is approved, and reserves its place [TNT-3]', async () => {
  await limit({ approval_over_monthly: '1.00', max_droplets: 1 });
  const id = await world.start('provision_droplet', ORDER);
  expect((await world.reader.get({ kind: 'platform' }, id)).approval).toMatchObject({ why: expect.stringContaining('more than 1.00 USD') });
  expect(await droplets()).toBe(1);
  expect(await refusalOf(world.start('provision_droplet', { ...ORDER, name: 'second' }))).toMatchObject({ code: 'limit_exceeded' });
  await limit({ max_droplets: 0 });
  await expect(world.get(SagaApprovals).approve(id, BOSS)).rejects.toMatchObject({ code: 'limit_exceeded' });
  await limit({ max_droplets: 1 });
  expect(await world.alive()).toEqual([]);
  await world.get(SagaApprovals).approve(id, BOSS);
  world.engine.wake();
  const { status, context } = await world.ended(id);
  expect([status, await world.alive()]).toMatchObject(['completed', [expect.any(Number)]]);
  const { resource_id } = (context as { register_droplet: { resource_id: string } }).register_droplet;
  await limit({ approval_over_monthly: '1.00' });
  const resize = await world.start('resize_droplet', { resource_id, size_slug: 's-2vcpu-4gb' });
  await world.asOwner(`update cloud_resources set deleted_at = clock_timestamp(), status = 'deleted' where id = $1`, [resource_id]);
  await expect(world.get(SagaApprovals).approve(resize, BOSS)).rejects.toMatchObject({ code: 'plan_changed' });
  await world.get(SagaApprovals).reject(resize, BOSS);
  const reservations = await readings();
  expect([reservations.max_droplets?.reserved, reservations.max_vcpus?.reserved]).toEqual([0, 0]);
});

it('judges the retry of a failed resize like a start, and counts it once [TNT-2]', async () => {
  const resource_id = await aDroplet('retried');
  await limit({ approval_over_monthly: '1.00' });
  const id = await world.start('resize_droplet', { resource_id, size_slug: 's-2vcpu-4gb' });
  await world.asOwner(`update saga_runs set status = 'failed', finished_at = clock_timestamp() where id = $1`, [id]);
  await limit({ max_vcpus: 1 });
  await expect(world.controls.retry({ kind: 'tenant', tenantId: 'acme' }, id, ADMIN)).rejects.toMatchObject({ code: 'limit_exceeded' });
  expect((await world.reader.get({ kind: 'platform' }, id)).status).toBe('failed');
  await limit({ max_vcpus: 2 });
  await world.controls.retry({ kind: 'tenant', tenantId: 'acme' }, id, ADMIN);
  expect((await world.ended(id)).status).toBe('completed');
});

it('counts the last snapshot of a destroy, and takes its place before it is taken [TNT-2]', async () => {
  const [first, second] = [await aDroplet('with-snapshot'), await aDroplet('with-another')];
  const destroy = (resource_id: string) => world.start('destroy_droplet', { resource_id, final_snapshot: true });
  await limit({ max_snapshots: 0 });
  expect(await refusalOf(destroy(first))).toMatchObject({ code: 'limit_exceeded', reading: { limit: 'max_snapshots', requested: 1 } });
  await limit({ max_snapshots: 1 });
  const id = await destroy(first);
  expect(await refusalOf(destroy(second))).toMatchObject({ code: 'limit_exceeded', reading: { used: 0, reserved: 1 } });
  expect((await world.ended(id)).status).toBe('completed');
});

it.each([
  { input: {}, reserved: 1 },
  { input: { skip_snapshot: true }, reserved: 0 },
])('reserves $reserved snapshots for an open restore with $input, until its holds are released [TNT-2]', async ({ input, reserved }) => {
  const resourceId = await aDroplet(`restored-${reserved}`);
  const start = { kind: 'snapshot_droplet', input: { resource_id: resourceId }, tenantId: 'acme', ownerId: 'acme' };
  const snapshots = async () =>
    (await world.get(Acceptance).judge(start, world.database)).limits.find(({ limit: of }) => of === 'max_snapshots');
  const before = Number((await snapshots())?.reserved);
  const restore = { resource_id: resourceId, droplet_id: '1', image: '2', ...input };
  const id = randomUUID();
  await world.asOwner(
    `insert into saga_runs (id, kind, tenant_id, input, steps, plan, created_by, status, wake_at, finished_at)
     values ($1, 'restore_droplet', 'acme', $2, '{take_snapshot}', '{}', 'boss', 'failed', null, clock_timestamp())`,
    [id, restore],
  );
  expect(Number((await snapshots())?.reserved) - before).toBe(reserved);
  await world.asOwner(`update saga_runs set released_holds = '{droplet:1}' where id = $1`, [id]);
  expect((await snapshots())?.reserved).toBe(before);
});

it('lets the default limits be followed, replaced and seen', async () => {
  const limits = world.get(TenantLimits);
  await limits.replace('default', { max_droplets: 7, allowed_sizes: ['s-*'] }, ADMIN);
  const own = await limits.replace('acme', { max_vcpus: null, unique_names: true }, ADMIN);
  expect(own).toMatchObject({ max_droplets: 7, max_vcpus: null, allowed_sizes: ['s-*'], unique_names: true, changed_by: 'ada' });
  expect(own.inherited).not.toContain('max_vcpus');
  await limits.replace('default', { max_droplets: 8 }, ADMIN);
  expect(await limits.get('acme')).toMatchObject({ max_droplets: 8, max_vcpus: null, allowed_sizes: ['s-*'] });
  await expect(limits.get('nobody')).rejects.toMatchObject({ code: 'tenant_not_found' });
  const entries = await world.asOwner(`select details from audit_log where action = 'tenant_limits_changed' order by seq desc limit 1`);
  expect(entries).toEqual([{ details: { max_droplets: 8, previous_max_droplets: 7 } }]);
  await limits.replace('default', UNLIMITED, ADMIN);
});
