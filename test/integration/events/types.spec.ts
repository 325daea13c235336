import { ChainSealer } from '#libs/audit';
import { BulkChangeService, DriftAcceptanceService } from '#libs/drift';
import { EventReader, EventSequencer, type EventFilters, type FoundEvent } from '#libs/events';
import { OwnershipService } from '#libs/inventory';
import { ResourceProtection } from '#libs/provisioning';
import { SagaApprovals } from '#libs/saga';
import { ADMIN } from '../../support/principals';
import { ORDER } from '../../support/provisioning-world';
import { until } from '../../support/until';
import { newDriftWorld, type DriftWorld, type OwnDroplet } from '../drift/drift-world';

let world: DriftWorld;
let droplet: OwnDroplet;
beforeAll(async () => {
  world = await newDriftWorld({ VANISH_MIN: '2', VANISH_MAX_RATIO: '0.2' });
  droplet = await world.aDroplet('web-1');
});
afterAll(() => world.close());

/** The events since a number, and the number of the last one. */
async function since(after: number, filters: EventFilters = {}): Promise<FoundEvent[]> {
  await world.get(ChainSealer).seal();
  await world.get(EventSequencer).number();
  return (await world.get(EventReader).list({ kind: 'platform' }, { after, ...filters }, { limit: 200 })).data;
}
const last = async () => (await since(0)).at(-1)?.sequence ?? 0;
const types = (events: readonly FoundEvent[]) => events.map(({ type }) => type);

it('has the events of a saga from its start to its end, and of the resource that it created [EVT-1]', async () => {
  const about = await since(0, { resource_id: droplet.resourceId });
  expect(types(about)).toEqual(expect.arrayContaining(['resource.created', 'saga.completed']));
  const sagas = await since(0, { kinds: ['provision_droplet'] });
  expect(types(sagas)).toEqual(['saga.started', 'saga.completed']);
  expect(sagas.map(({ actor, source, subject }) => ({ actor, source, name: subject.name }))).toEqual([
    { actor: 'ada', source: 'saga', name: 'web-1' },
    { actor: 'ada', source: 'saga', name: 'web-1' },
  ]);
  expect(about.find(({ type }) => type === 'resource.created')?.data).toMatchObject({ changes: { name: { old: null, new: 'web-1' } } });
});

it('has the events of a saga that is undone, with its error [EVT-1]', async () => {
  const from = await last();
  await world.simulator.faults([
    {
      match: { method: 'POST', path: '/v2/droplets' },
      effect: { type: 'status', status: 422, body: { id: 'unprocessable_entity', message: 'No.' } },
    },
  ]);
  const ended = await world.run('provision_droplet', { ...ORDER, name: 'web-2' });
  await world.simulator.faults([]);
  expect(ended.status).toBe('rolled_back');
  const events = await since(from, { kinds: ['provision_droplet'] });
  expect(types(events)).toEqual(['saga.started', 'saga.rolled_back']);
  expect(events.at(-1)?.data).toMatchObject({ error: { code: ended.error?.code }, duration_ms: expect.any(Number) });
});

it('has one event of a drift that opens, and of its end, without the price delta of the provider [EVT-1, EVT-2]', async () => {
  const from = await last();
  await world.setDesiredState(droplet.resourceId, { size_slug: 's-2vcpu-2gb', region: 'ams3' });
  await world.detect();
  await world.detect();
  const open = await world.drifts('open');
  const resize = open.find(({ field }) => field === 'size_slug');
  await world.get(DriftAcceptanceService).accept(resize?.id ?? '', ORDER.size_slug, { ...ADMIN, reason: 'paid for' });
  await world.setDesiredState(droplet.resourceId, { size_slug: ORDER.size_slug, region: ORDER.region });
  await world.detect();
  const events = (await since(from)).filter(({ type }) => type.startsWith('drift.'));
  expect(events.map(({ type, actor, subject, data }) => [type, data['field'], data['status'], actor, subject.kind])).toEqual(
    expect.arrayContaining([
      ['drift.opened', 'size_slug', 'open', null, 'droplet'],
      ['drift.opened', 'region', 'open', null, 'droplet'],
      ['drift.closed', 'size_slug', 'accepted', 'ada', 'droplet'],
      ['drift.closed', 'region', 'stale', null, 'droplet'],
    ]),
  );
  expect(events).toHaveLength(4);
  expect(resize?.monthly_price_delta).not.toBeNull();
  expect(JSON.stringify(events)).not.toContain('price');
});

it('has one event of each change of protection and owner, one by one and in bulk, with the admin who made it [EVT-1]', async () => {
  const { resourceId: id } = droplet;
  const from = await last();
  const [protection, bulk] = [world.get(ResourceProtection), world.get(BulkChangeService)];
  for (const isProtected of [true, true, false]) await protection.set({ kind: 'tenant', tenantId: 'acme' }, id, isProtected, ADMIN);
  for (const action of ['protect', 'unprotect'] as const) await bulk.apply({ action, ids: [id] }, ADMIN);
  await world.get(OwnershipService).setOwner(id, 'globex', ADMIN);
  for (const tenantId of ['acme', null]) await bulk.apply({ action: 'assign', ids: [id], tenantId }, ADMIN);
  const all = await since(from);
  const changes = all
    .filter(({ data }) => 'changes' in data)
    .map(({ type, actor, tenant_id, data }) => [type, actor, tenant_id, data['changes']]);
  const protectedBy = (old: string | null, now: string | null) => ['resource.changed', 'ada', 'acme', { protected_by: { old, new: now } }];
  const owned = (old: string, now: string) => [
    'resource.attributed',
    'ada',
    null,
    expect.objectContaining({ tenant_id: { old, new: now } }),
  ];
  expect(changes.slice(0, 6)).toEqual([
    protectedBy(null, 'tenant'),
    protectedBy('tenant', null),
    protectedBy(null, 'admin'),
    protectedBy('admin', null),
    owned('acme', 'globex'),
    owned('globex', 'acme'),
  ]);
  const sides = all.filter(({ type }) => type.startsWith('resource.moved_')).map(({ type, actor, tenant_id }) => [type, actor, tenant_id]);
  expect(sides.slice(0, 4)).toEqual([
    ['resource.moved_out', 'ada', 'acme'],
    ['resource.moved_in', 'ada', 'globex'],
    ['resource.moved_out', 'ada', 'globex'],
    ['resource.moved_in', 'ada', 'acme'],
  ]);
});

describe('of starts that limits decide about', () => {
  const limit = (limits: object) =>
    world.asOwner(
      `update tenant_limits set (max_droplets, approval_over_monthly) = ($1, $2) where tenant_id = 'default'`,
      Object.values(limits),
    );
  const start = (name: string) => world.start('provision_droplet', { ...ORDER, name });
  const decided = { by: { sub: 'boss', role: 'platform_admin' }, reason: 'agreed' };
  afterEach(() => limit({ max_droplets: null, approval_over_monthly: null }));

  it('has one event in a minute for the starts of a tenant that a limit refuses [EVT-1]', async () => {
    const from = await last();
    await limit({ max_droplets: 0, approval_over_monthly: null });
    for (const name of ['web-5', 'web-6']) await expect(start(name)).rejects.toMatchObject({ code: 'limit_exceeded' });
    const events = await since(from);
    expect(types(events)).toEqual(['limit.refused']);
    expect(events[0]).toMatchObject({ tenant_id: 'acme', subject: { type: 'tenant', id: 'acme' }, data: { code: 'limit_exceeded' } });
    expect(events[0]?.data['limits']).toEqual([expect.objectContaining({ limit: 'max_droplets', allowed: 0 })]);
  });

  it('has the events of a start that waits for approval, and of the decision [EVT-1]', async () => {
    const from = await last();
    await limit({ max_droplets: null, approval_over_monthly: '0.01' });
    const [approved, rejected] = [await start('web-7'), await start('web-8')];
    await world.get(SagaApprovals).approve(approved, decided);
    await world.get(SagaApprovals).reject(rejected, decided);
    await world.ended(approved);
    const events = await since(from, { kinds: ['provision_droplet'] });
    const typesOf = (id: string) => types(events.filter(({ subject }) => subject.id === id));
    expect(typesOf(approved)).toEqual(['saga.awaiting_approval', 'saga.needs_attention', 'saga.started', 'saga.completed']);
    expect(typesOf(rejected)).toEqual(['saga.awaiting_approval', 'saga.needs_attention', 'saga.rejected']);
  });
});

describe('of sweeps', () => {
  it('has one event that a resource is missing, and that it was deleted [EVT-1]', async () => {
    const from = await last();
    const gone = await world.aDroplet('web-3');
    await world.simulator.call('DELETE', `/v2/droplets/${gone.dropletId}`);
    await until(async () => {
      await world.sweepDroplets();
      return (await world.inventory.get({ kind: 'platform' }, gone.resourceId)).status === 'deleted';
    });
    const about = await since(from, { resource_id: gone.resourceId });
    expect(
      types(about).filter((type) => type.startsWith('resource.') && type !== 'resource.changed' && type !== 'resource.attributed'),
    ).toEqual(['resource.created', 'resource.missing', 'resource.deleted']);
  });

  const sweepEvents = async (after: number) =>
    (await since(after)).flatMap(({ type, subject, tenant_id }) => (type.startsWith('sweep.') ? [[type, subject.kind, tenant_id]] : []));

  it('has an event when a kind stalls, and when it recovers, once each [EVT-1]', async () => {
    const from = await last();
    await world.simulator.faults([{ match: { method: 'GET', path: '/v2/droplets' }, effect: { type: 'status', status: 404, body: {} } }]);
    expect(await world.sweepDroplets()).toBe('incomplete');
    expect(await sweepEvents(from)).toEqual([]);
    await world.database.query(
      `update cloud_sweeps set started_at = started_at - interval '1 day', finished_at = finished_at - interval '1 day' where kind = 'droplet'`,
    );
    for (let sweep = 0; sweep < 2; sweep += 1) expect(await world.sweepDroplets()).toBe('incomplete');
    await world.simulator.faults([]);
    for (let sweep = 0; sweep < 2; sweep += 1) expect(await world.sweepDroplets()).toBe('complete');
    expect(await sweepEvents(from)).toEqual([
      ['sweep.stalled', 'droplet', null],
      ['sweep.recovered', 'droplet', null],
    ]);
  });

  it('has an event when sweeps become suspect, and when a complete one follows [EVT-1]', async () => {
    const listed = await world.simulator.droplets();
    const more = Array.from({ length: 6 }, (_, nr) => ({ id: 590_000_000 + nr, name: `other-${nr}`, region: 'fra1' }));
    await world.simulator.setDroplets([...listed, ...more]);
    expect(await world.sweepDroplets()).toBe('complete');
    const from = await last();
    await world.simulator.setDroplets(listed);
    for (let sweep = 0; sweep < 2; sweep += 1) expect(await world.sweepDroplets()).toBe('suspect');
    await world.simulator.setDroplets([...listed, ...more]);
    expect(await world.sweepDroplets()).toBe('complete');
    expect(await sweepEvents(from)).toEqual([
      ['sweep.suspect', 'droplet', null],
      ['sweep.recovered', 'droplet', null],
    ]);
  });

  it('has one event when the provider does not let us read the list of a kind, however often it is tried [EVT-1, KND-2]', async () => {
    const from = await last();
    await world.simulator.faults([{ match: { method: 'GET', path: '/v2/databases' }, effect: { type: 'status', status: 403, body: {} } }]);
    for (let sweep = 0; sweep < 2; sweep += 1)
      expect((await world.sweeps.run('managed_db', { trigger: 'manual' })).status).toBe('not_available');
    await world.simulator.faults([]);
    const events = (await since(from)).filter(({ type }) => type.startsWith('kind.'));
    expect(events.map(({ type, subject, tenant_id, data }) => [type, subject.kind, tenant_id, data['reason']])).toEqual([
      ['kind.not_available', 'managed_db', null, 'forbidden_by_provider'],
    ]);
  });
});
