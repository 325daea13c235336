import { TenantLimits } from '#libs/tenants';
import { ADMIN } from '../../support/principals';
import { ACME, newProvisioningWorld, type ProvisioningWorld } from '../../support/provisioning-world';
import { addPlaces, casesOfEachKind, RULES, type ProductCase } from './product-cases';

const ZONE = 'shop.example';
const UNLIMITED = {
  max_droplets: null,
  max_vcpus: null,
  max_volume_gib: null,
  max_snapshots: null,
  max_monthly_cost: null,
  approval_over_monthly: null,
  max_destroys_per_hour: null,
  open_sagas: null,
};

let world: ProvisioningWorld;
let used = 0;
beforeAll(async () => {
  world = await newProvisioningWorld();
});
afterAll(() => world.close());

async function newCases(): Promise<ProductCase[]> {
  const cases = await casesOfEachKind(world, used);
  used += cases.length;
  return cases;
}

const refusalOf = async (one: Pick<ProductCase, 'kind' | 'input'>, tenantId: string | null) =>
  world.starts.plan({ kind: one.kind, input: one.input, tenantId }).then(
    ({ refusal }) => refusal?.code,
    (error: { code: string }) => error.code,
  );

it('is refused on what belongs to another tenant, as if that did not exist, for every kind [TEN-6]', async () => {
  for (const one of await newCases()) {
    const expected =
      one.kind === 'create_volume' || one.kind === 'reserve_ip' ? /validation_failed|resource_not_found/ : /^resource_not_found$/;
    expect({ kind: one.kind, code: await refusalOf(one, 'globex') }).toEqual({
      kind: one.kind,
      code: expect.stringMatching(expected) as unknown,
    });
  }
});

it('is refused on a protected resource where it would destroy or overwrite it, and only there [TNT-5]', async () => {
  const cases = await newCases();
  await world.asOwner(`update cloud_resources set protected_by = 'tenant' where deleted_at is null`);
  const refused: string[] = [];
  for (const one of cases) if ((await refusalOf(one, one.tenantId)) === 'resource_protected') refused.push(one.kind);
  await world.asOwner('update cloud_resources set protected_by = null');
  expect(refused.sort()).toEqual(['delete_snapshot', 'delete_volume', 'release_ip', 'restore_droplet']);
});

it('is refused at its start for what the present state does not allow, with a code for each reason', async () => {
  const { places, idOf } = await addPlaces(world, used, 2);
  used += 2;
  const [place, next] = places;
  if (!place || !next) throw new Error('no place');
  const volume = { resource_id: idOf('volume', place.volume) };
  const ip = { resource_id: idOf('floating_ip', place.ip) };
  const droplet_resource_id = idOf('droplet', place.droplet);
  await world.asOwner(`update cloud_resources set region = 'ams3' where id = $1`, [idOf('droplet', place.other)]);
  const away = { droplet_resource_id: idOf('droplet', place.other) };
  await world.simulator.change({
    domains: [{ name: ZONE }],
    domain_records: [{ domain: ZONE, type: 'A', name: 'www', data: place.ip }],
    members: [...(await world.simulator.account()).members, { project_id: ACME, urn: `do:domain:${ZONE}` }],
  });
  for (const kind of ['project', 'dns_zone']) await world.sweeps.run(kind, { trigger: 'manual' });
  const third = { droplet_resource_id: idOf('droplet', next.droplet) };
  const wall = { name: 'wall', ...RULES };
  const cases: [string, string | undefined, Record<string, unknown>, string | null][] = [
    ['delete_volume', 'volume_attached', { resource_id: idOf('volume', place.attached) }, 'acme'],
    ['attach_volume', 'volume_attached', { resource_id: idOf('volume', place.attached), ...third }, 'acme'],
    ['attach_volume', 'region_mismatch', { ...volume, ...away }, 'acme'],
    ['assign_ip', 'region_mismatch', { ...ip, ...away }, 'acme'],
    ['resize_volume', 'volume_cannot_shrink', { ...volume, size_gib: 5 }, 'acme'],
    ['create_volume', 'validation_failed', { name: 'new', size_gib: 5, region: 'nowhere' }, 'acme'],
    ['reserve_ip', 'validation_failed', {}, 'acme'],
    ['tag_resource', 'reserved_tag', { ...volume, tags: ['managed-by-arcadia-cloud'] }, null],
    ['tag_resource', 'admins_only', { ...volume, tags: ['web'] }, 'acme'],
    ['release_ip', 'address_in_dns', ip, 'acme'],
    ['release_ip', undefined, { ...ip, force: true }, 'acme'],
    ['create_firewall', 'validation_failed', wall, 'acme'],
    ['create_firewall', 'validation_failed', { ...wall, inbound_rules: [], outbound_rules: [] }, null],
    ['create_firewall', 'admins_only', { ...wall, inbound_rules: [{ ...RULES.inbound_rules[0], sources: { tags: ['db'] } }] }, 'acme'],
    ['restore_droplet', 'validation_failed', { resource_id: droplet_resource_id, image: '1' }, 'acme'],
  ];
  for (const [kind, code, input, tenantId] of cases)
    expect({ kind, input, code: await refusalOf({ kind, input }, tenantId) }).toEqual({ kind, input, code });
});

it('counts new and larger volumes against the limits of their owner, once, while the saga is open and after it [TNT-2]', async () => {
  const limits = world.get(TenantLimits);
  const { places, idOf } = await addPlaces(world, used, 1);
  used += 1;
  const owned = (await world.asOwner(
    `select coalesce(sum((attrs ->> 'size_gigabytes')::int), 0)::int as gib from cloud_resources where kind = 'volume' and tenant_id = 'acme' and deleted_at is null`,
  )) as { gib: number }[];
  const room = (owned[0]?.gib ?? 0) + 20;
  await limits.replace('acme', { ...UNLIMITED, max_volume_gib: room }, ADMIN);
  const order = (size_gib: number) => ({ kind: 'create_volume', input: { name: `limit-${used}`, size_gib, region: 'fra1' } });
  const grow = (size_gib: number) => ({ kind: 'resize_volume', input: { resource_id: idOf('volume', places[0]?.volume ?? ''), size_gib } });
  expect(await refusalOf(order(21), 'acme')).toBe('limit_exceeded');
  expect(await refusalOf(grow(31), 'acme')).toBe('limit_exceeded');
  await world.simulator.faults([{ id: 'hold', match: { method: 'POST', path: '/v2/volumes' }, effect: { type: 'hold' } }]);
  const id = await world.start('create_volume', order(20).input);
  expect(await refusalOf({ ...order(1), input: { ...order(1).input, name: 'more' } }, 'acme')).toBe('limit_exceeded');
  expect(await refusalOf(grow(11), 'acme')).toBe('limit_exceeded');
  await world.simulator.faults([]);
  expect((await world.ended(id)).status).toBe('completed');
  expect(await refusalOf({ ...order(1), input: { ...order(1).input, name: 'more' } }, 'acme')).toBe('limit_exceeded');
  expect((await world.starts.plan({ ...order(1), tenantId: 'acme' })).limits).toContainEqual(
    expect.objectContaining({ limit: 'max_volume_gib', allowed: room, used: room, reserved: 0, requested: 1, ok: false }),
  );
  await limits.replace('acme', UNLIMITED, ADMIN);
});

describe('a release in an account with many zones', () => {
  const ZONES = Array.from({ length: 120 }, (_, nth) => `zone-${String(nth).padStart(3, '0')}.example`);
  const readsOf = (zone: string, nth?: number) => ({ method: 'GET', path: `/v2/domains/${zone}/records`, ...(nth && { nth }) });
  const POLL_MS = 700;
  let own: ProvisioningWorld;
  let made: Awaited<ReturnType<typeof addPlaces>>;
  beforeAll(async () => {
    own = await newProvisioningWorld({ SAGA_POLL_MS: String(POLL_MS) });
    made = await addPlaces(own, 0, 3);
    await own.simulator.change({
      domains: ZONES.map((name) => ({ name })),
      members: [...(await own.simulator.account()).members, ...ZONES.map((zone) => ({ project_id: ACME, urn: `do:domain:${zone}` }))],
    });
    for (const kind of ['project', 'dns_zone']) await own.sweeps.run(kind, { trigger: 'manual' });
  });
  afterAll(() => own.close());
  afterEach(() => own.simulator.faults([]));

  const ipOf = (nth: number) => made.places[nth]?.ip ?? '';
  const has = async (ip: string) => (await own.simulator.account()).floating_ips.some((one) => one.ip === ip);

  /** Starts a release that does not get beyond the first zone of its second execution; the plan reads each zone once before it. */
  async function startHeld(ip: string): Promise<string> {
    await own.simulator.forgetCalls();
    await own.simulator.faults([{ id: 'reading', match: readsOf(ZONES[50] ?? '', 2), effect: { type: 'hold' } }]);
    const id = await own.start('release_ip', { resource_id: made.idOf('floating_ip', ip) });
    await own.simulator.untilHeld('reading');
    return id;
  }

  it('reads them in several executions, and after an outage only those that are left [SAG-15]', async () => {
    const id = await startHeld(ipOf(0));
    await own.simulator.faults([{ id: 'away', match: readsOf(ZONES[105] ?? ''), times: 4, effect: { type: 'status', status: 503 } }]);
    expect(await own.ended(id)).toMatchObject({ status: 'completed' });
    expect(await has(ipOf(0))).toBe(false);
    const read = (await own.simulator.calls()).map(({ path }) => path);
    const twice = ZONES.slice(0, 100).filter((zone) => read.filter((path) => path === readsOf(zone).path).length !== 2); // by the plan and by the step
    expect(twice).toEqual([]);
    const [attempt] = (await own.asOwner('select waits from saga_attempts where saga_id = $1', [id])) as { waits: { why: string }[] }[];
    expect(attempt?.waits.map(({ why }) => why).slice(0, 2)).toEqual([
      'waiting for the DNS records of 70 more zones to be read',
      'waiting for the DNS records of 20 more zones to be read',
    ]);
  });

  it('is refused for a record in a zone of a later execution, which was added after the start', async () => {
    const id = await startHeld(ipOf(1));
    const { domain_records } = await own.simulator.account();
    await own.simulator.change({ domain_records: [...domain_records, { domain: ZONES[115], type: 'A', name: 'www', data: ipOf(1) }] });
    await own.simulator.faults([]);
    const saga = await own.ended(id);
    expect(saga).toMatchObject({ status: 'rolled_back', error: { code: 'address_in_dns' } });
    expect(saga.error?.detail).toContain(`www.${ZONES[115]}`);
    expect(await has(ipOf(1))).toBe(true);
  });

  it('asks again after a pause when the provider refuses to delete what it still returns', async () => {
    const path = `/v2/reserved_ips/${ipOf(2)}`;
    await own.simulator.faults([{ id: 'unknown', match: { method: 'DELETE', path }, times: 3, effect: { type: 'status', status: 404 } }]);
    expect(await own.run('release_ip', { resource_id: made.idOf('floating_ip', ipOf(2)), force: true })).toMatchObject({
      status: 'completed',
    });
    const times = (await own.simulator.calls())
      .filter((one) => one.method === 'DELETE' && one.path === path)
      .map(({ at }) => Date.parse(at));
    expect(times).toHaveLength(4);
    const pauses = times.slice(1).map((at, nth) => at - (times[nth] ?? 0));
    expect(Math.min(...pauses)).toBeGreaterThan(POLL_MS / 2);
  });
});
