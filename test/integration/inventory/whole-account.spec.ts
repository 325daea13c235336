import { KINDS, SWEEPS, type ResourceView } from '#libs/inventory';
import { newWorld, type World } from '../../support/inventory-world';
import { IDS_AT_PROVIDER, type Account } from '../../support/ids-at-provider';
import { LISTED_PRODUCTS } from '../../support/listed-products';

const platform = { kind: 'platform' } as const;

let world: World;
let account: Account;
beforeAll(async () => {
  world = await newWorld({}, { seed: 11 });
  account = await world.simulator.account();
  await cycle();
});
afterAll(() => world.close());

/** Runs every sweep once, in the order of the timetable. */
async function cycle(): Promise<void> {
  for (const { kind } of SWEEPS) expect(await world.sweep(kind)).toMatchObject({ kind, status: 'complete', reason: null });
}

async function rows(kind: string): Promise<ResourceView[]> {
  const data: ResourceView[] = [];
  let cursor: string | undefined;
  do {
    const page = await world.inventory.list(platform, { kind }, { limit: 200, cursor });
    data.push(...page.data);
    cursor = page.page.next_cursor ?? undefined;
  } while (cursor !== undefined);
  return data;
}

/** The agency has none of these. */
const NOT_USED = ['custom_image', ...Object.entries(LISTED_PRODUCTS).flatMap(([kind, { notInDemo }]) => (notInDemo ? [kind] : []))];

it('covers every kind that has a list', () => {
  expect(Object.keys(IDS_AT_PROVIDER).sort()).toEqual(KINDS.map(({ kind }) => kind).sort());
});

it.each(Object.keys(IDS_AT_PROVIDER))('finds every %s of the account in one cycle, and nothing else [INV-1]', async (kind) => {
  const known = (await rows(kind)).map((row) => row.provider_id);
  expect({ kind, isEmpty: known.length === 0 }).toEqual({ kind, isEmpty: NOT_USED.includes(kind) });
  expect(known.sort()).toEqual(IDS_AT_PROVIDER[kind]?.(account).sort());
});

it.each(Object.keys(IDS_AT_PROVIDER))(
  'has details, a known owner or the way to none, and a price or the reason for none, of every %s',
  async (kind) => {
    const wrong = (await rows(kind)).filter(({ attrs, attribution, tenant_id, price }) => {
      const isOwned = tenant_id === null ? attribution.by !== undefined : attribution.by !== 'fallback';
      const isPriced = price !== undefined && price !== null && ('monthly' in price || 'unpriced' in price);
      return attrs.placeholder === true || !isOwned || !isPriced;
    });
    expect(wrong).toEqual([]);
  },
);

it('attributes what a project lists to its tenant, under the URN that the project uses [INV-12]', async () => {
  const tenantOf = new Map(account.projects.map(({ id, description }) => [id, /tenant:(\w+)/.exec(description)?.[1] ?? null]));
  const confirmed = account.members.filter(({ status }) => status === 'ok');
  const all = (await Promise.all(KINDS.map(({ kind }) => rows(kind)))).flat();
  const byUrn = new Map(all.map((row) => [row.urn, row]));
  const listed = confirmed.filter(({ urn, project_id }) => byUrn.has(urn) && tenantOf.get(project_id));
  expect(listed.length).toBeGreaterThan(90);
  for (const { urn, project_id } of listed)
    expect(byUrn.get(urn)).toMatchObject({ tenant_id: tenantOf.get(project_id), attribution: { by: 'project' } });
});

it('attributes what no project lists to the tenant of its parent: backups, snapshots, firewalls', async () => {
  const droplets = new Map((await rows('droplet')).map((row) => [row.provider_id, row]));
  for (const backup of await rows('droplet_backup')) {
    const parent = account.droplets.find(({ backup_ids }) => backup_ids.map(String).includes(backup.provider_id));
    const owner = droplets.get(String(parent?.id));
    expect({ tenant: backup.tenant_id, by: backup.attribution }).toEqual({
      tenant: owner?.tenant_id,
      by: owner?.tenant_id ? { by: 'parent', ref: owner.id } : { by: 'fallback', ref: null },
    });
  }
  for (const firewall of account.firewalls.filter(({ droplet_ids }) => droplet_ids.length > 0)) {
    const tenants = new Set(firewall.droplet_ids.map((id) => droplets.get(String(id))?.tenant_id));
    const row = (await rows('firewall')).find(({ provider_id }) => provider_id === firewall.id);
    expect([...tenants]).toEqual([row?.tenant_id]);
  }
  const volumes = new Map((await rows('volume')).map((row) => [row.provider_id, row]));
  const inherited = (await rows('snapshot')).filter(({ attribution }) => attribution.by === 'parent');
  expect(inherited.length).toBeGreaterThan(10);
  for (const snapshot of inherited) {
    const { resource_type: type, resource_id: id } = snapshot.attrs as { resource_type: string; resource_id: string };
    expect((type === 'droplet' ? droplets : volumes).get(id)?.tenant_id).toBe(snapshot.tenant_id);
  }
});

it('attributes the network, certificates and children of a client to its tenant [INV-12]', async () => {
  const own = (await rows('vpc')).filter(({ attrs }) => attrs.default === false);
  expect(own.length).toBe(12);
  expect(own.filter(({ tenant_id, attribution }) => tenant_id === null || attribution.by !== 'members')).toEqual([]);
  for (const kind of [
    'certificate',
    'db_replica',
    'k8s_node_pool',
    'nat_gateway',
    'cdn_endpoint',
    'spaces_key',
    'dns_record',
    'alert_policy',
  ])
    expect({ kind, without: (await rows(kind)).filter(({ tenant_id }) => tenant_id === null).length }).toEqual({ kind, without: 0 });
});

it('keeps a snapshot as one row, whatever type its URN names [INV-11]', async () => {
  const urns = (await rows('snapshot')).map(({ urn, attrs }) => `${String(attrs.resource_type)} ${urn.split(':')[1]}`);
  expect([...new Set(urns)].sort()).toEqual(['droplet image', 'volume volumesnapshot']);
});

it('counts the same resources in the summary', async () => {
  const { data } = await world.inventory.summary(platform);
  const all = await world.database.query<{ kind: string; count: number }>(
    'select kind, count(*)::int as count from cloud_resources group by kind order by kind',
  );
  expect(data.by_kind.toSorted((a, b) => a.kind.localeCompare(b.kind))).toEqual(all);
  expect(data.total).toBe(all.reduce((sum, { count }) => sum + count, 0));
  expect(data.by_tenant.reduce((sum, { count }) => sum + count, 0)).toBe(data.total);
  expect(data.unattributed).toBe((await world.inventory.list(platform, { unattributed: true }, { limit: 200 })).data.length);
  const acme = await world.inventory.summary({ kind: 'tenant', tenantId: 'acme' });
  expect(acme.data.by_tenant).toEqual([{ tenant_id: 'acme', count: acme.data.total }]);
});

it('finds resources by a part of their name, id or address', async () => {
  const [ip] = account.floating_ips;
  const found = async (q: string) => (await world.inventory.list(platform, { q }, { limit: 50 })).data;
  expect(await found(ip?.ip ?? '')).toMatchObject([{ kind: 'floating_ip', provider_id: ip?.ip }]);
  const [balancer] = await rows('load_balancer');
  expect(await found(String(balancer?.attrs.ip))).toMatchObject([{ id: balancer?.id }]);
  expect(await found('ACME.COM')).toMatchObject([{ kind: 'dns_zone', name: 'acme.com' }]);
});

it('writes no event in a second cycle [INV-2]', async () => {
  const events = async () => world.database.query('select count(*) as events from cloud_resource_events');
  const before = await events();
  await cycle();
  expect(await events()).toEqual(before);
});

it('reads single droplets only for backups that the list of images omits, and gives these calls as the reason of the sweep', async () => {
  const [image] = IDS_AT_PROVIDER.droplet_backup?.(account) ?? [];
  await world.simulator.faults([{ id: 'thin', match: { path: '/v2/images' }, effect: { type: 'hide', body: { ids: [Number(image)] } } }]);
  await world.simulator.forgetCalls();
  expect(await world.sweep('droplet_backup')).toMatchObject({ status: 'complete', reason: 'parents_asked_one_by_one', struck: 0 });
  expect((await world.simulator.fired()).thin).toBeGreaterThan(0);
  const asked = (await world.simulator.calls()).filter(({ path }) => path.endsWith('/backups'));
  expect(asked).toHaveLength(1);
  await world.simulator.faults([]);
});
