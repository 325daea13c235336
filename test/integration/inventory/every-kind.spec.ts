import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CompletenessReader, KindReader, KINDS, LIST_PRODUCTS, unitOfProduct, type Kind } from '#libs/inventory';
import { newWorld, type World } from '../../support/inventory-world';
import { LISTED, type ListedObject, type RawObject } from '../../support/listed-objects';
import { ADMIN } from '../../support/principals';
import { LISTED_PRODUCTS, type ListedProduct } from '../../support/listed-products';
import { markOf, textsIn, withTexts } from '../../support/marked-texts';

const platform = { kind: 'platform' } as const;
const products = KINDS.flatMap(({ kind, required }) => (required ? [] : [kind]));
const kindNamed = (name: string) => KINDS.find(({ kind }) => kind === name) as Kind;
const productOf = (name: string) => LISTED_PRODUCTS[name] as ListedProduct;

it('has an object for every kind that no other fixture has', () => {
  expect(Object.keys(LISTED_PRODUCTS).sort()).toEqual([...products].sort());
});

it.each(KINDS.map(({ kind }) => kind))('keeps of a %s the declared fields only, whatever the others contain [KND-1]', (name) => {
  const { object, kept } = { ...LISTED, ...LISTED_PRODUCTS }[name] as ListedObject;
  const marked = withTexts(object, (_, place) => markOf(place));
  const seen = JSON.stringify(kindNamed(name).observe(marked, LISTED_PRODUCTS[name]?.parentId)).toLowerCase();
  const found = textsIn(object).filter(({ place }) => seen.includes(markOf(place).toLowerCase()));
  expect(found.map(({ place }) => place).sort()).toEqual([...kept].sort());
});

const billed = KINDS.flatMap(({ kind, price }) => (price && 'billedAs' in price ? [{ kind, price }] : []));

it.each(billed)('bills a $kind as a product of the list prices, in the unit that its declaration names', ({ kind, price }) => {
  const { object } = { ...LISTED, ...LISTED_PRODUCTS }[kind] as ListedObject;
  const { product = 'none' } = price.billedAs(kindNamed(kind).observe(object, LISTED_PRODUCTS[kind]?.parentId)) ?? {};
  expect({ product, isListed: LIST_PRODUCTS.test(product) }).toEqual({ product, isListed: true });
  expect(unitOfProduct(product)).toBe(price.unit ?? 'month');
});

it.each(['volumes', 'droplet', 'volume:large', 'droplet:', 'db_replica', 'tag', 'backups'])('knows no product %s', (product) => {
  expect(LIST_PRODUCTS.test(product)).toBe(false);
});

it('leaves four fifths of a token to the others, however many lists under parents there are [KND-3]', () => {
  const shares = KINDS.flatMap(({ under }) => (under ? [under.tokenShare] : []));
  expect(shares.length).toBeGreaterThan(0);
  expect(shares.reduce((sum, share) => sum + share, 0)).toBeLessThanOrEqual(0.2 + 1e-9);
});

it.each(products)('reads a %s with an id only', (name) => {
  const { object, parentId } = productOf(name);
  const { idField = 'id' } = kindNamed(name);
  const least = {
    [idField]: object[idField],
    ...(name === 'managed_db' && { status: 'online' }),
    ...(name === 'dns_record' && { type: 'A' }),
  };
  expect(kindNamed(name).observe(least, parentId)).toMatchObject({ providerId: expect.any(String) as string });
});

describe('the lists of every kind', () => {
  let world: World;
  beforeAll(async () => {
    world = await newWorld({ STRIKES_TO_DELETE: '3' });
    await world.simulator.change(documentOf((object) => object));
    for (const kind of ['droplet', 'dns_zone']) await world.sweep(kind);
  });
  afterAll(() => world.close());

  /** The account with an object of each kind; the parents of listed children keep their ids. */
  function documentOf(change: (object: RawObject, name: string) => RawObject): Record<string, unknown> {
    const stored = Object.entries(LISTED_PRODUCTS).flatMap(([name, { stored: place, object }]) =>
      place ? [[place.in, [{ ...change(object, name), ...place.fields }]] as const] : [],
    );
    const domains = [{ name: 'fern-bakery.example' }, { name: 'empty.example' }];
    const images = [productOf('custom_image').object];
    return { domains, ...Object.fromEntries(stored), images, tags: [{ name: 'fern', others: [] }] };
  }

  const rowsOf = (kind: string) =>
    world.database.query<{ id: string; provider_id: string; parents: string[]; deleted: boolean; strikes: number }>(
      `select id, provider_id, parents, deleted_at is not null as deleted, stale_strike_count::int as strikes from cloud_resources where kind = $1`,
      [kind],
    );

  const events = async (kind: string) =>
    (
      await world.database.query<{ type: string }>(
        'select e.type from cloud_resource_events e join cloud_resources r on r.id = e.resource_id where r.kind = $1 order by e.seq',
        [kind],
      )
    ).map(({ type }) => type);

  it('finds the object of each kind once, and writes nothing in a second cycle [INV-1, INV-2]', async () => {
    for (const round of ['first', 'second'])
      for (const kind of products)
        expect({ round, sweep: await world.sweep(kind) }).toMatchObject({ round, sweep: { kind, status: 'complete', reason: null } });
    for (const kind of products) {
      expect({ kind, rows: await rowsOf(kind) }).toMatchObject({ kind, rows: [{ deleted: false }] });
      expect({ kind, events: await events(kind) }).toEqual({ kind, events: ['discovered'] });
    }
  });

  it('gives every object its parents: of networks and certificates those that use them [INV-12]', async () => {
    const parents = async (kind: string) => (await rowsOf(kind)).flatMap((row) => row.parents);
    expect(await parents('k8s_node_pool')).toEqual([`k8s_cluster/${String(productOf('k8s_cluster').object.id)}`]);
    expect(await parents('db_replica')).toEqual([`managed_db/${String(productOf('managed_db').object.id)}`]);
    expect(await parents('dns_record')).toEqual(['dns_zone/fern-bakery.example']);
    expect(await parents('registry_repository')).toEqual(['container_registry/fern']);
    expect((await parents('vpc')).map((ref) => ref.split('/')[0])).toEqual(['app', 'k8s_cluster', 'managed_db']);
    expect((await parents('certificate')).map((ref) => ref.split('/')[0])).toEqual(['cdn_endpoint']);
    expect(await parents('uptime_check')).toContain('dns_zone/fern-bakery.example');
  });

  it('stores, logs and shows no secret of any kind [KND-1]', async () => {
    const written: string[] = [];
    const spies = [process.stdout, process.stderr].map((stream) =>
      jest.spyOn(stream, 'write').mockImplementation((chunk) => written.push(String(chunk)) > 0),
    );
    try {
      await world.simulator.change(documentOf((object, name) => withMarkedSecrets(object, productOf(name))));
      for (const kind of products) await world.sweep(kind);
    } finally {
      for (const spy of spies) spy.mockRestore();
    }
    const tables = ['cloud_resources', 'cloud_resource_events', 'cloud_sweeps', 'events', 'outbox_messages'];
    const stored = await Promise.all(
      tables.map(async (table) => {
        const [found] = await world.database.query<{ at: string | null }>('select to_regclass($1)::text as at', [table]);
        if (!found?.at) return '';
        const [row] = await world.database.query<{ text: string }>(`select coalesce(string_agg(t::text, ' '), '') as text from ${table} t`);
        return row?.text ?? '';
      }),
    );
    const page = JSON.stringify(await world.inventory.list(platform, {}, { limit: 200 }));
    expect(stored[0]).toContain('fern-db');
    const secrets = /.{0,20}(mark-|user:password|token=secret).{0,40}/;
    expect([...stored, page, written.join('')].flatMap((text) => secrets.exec(text)?.[0] ?? [])).toEqual([]);
  });

  it('asks for the lists of a kind under parents once for each parent [KND-3]', async () => {
    await world.simulator.forgetCalls();
    expect(await world.sweep('dns_record')).toMatchObject({ status: 'complete', calls: 2, seen: 1 });
    const asked = (await world.simulator.calls()).filter(({ path }) => path.endsWith('/records'));
    expect(asked.map(({ path }) => path)).toEqual(['/v2/domains/empty.example/records', '/v2/domains/fern-bakery.example/records']);
    // A quarter of the token's hour of a million calls: the tenth that the kind may use allows them once in two and a half hours.
    const swept = (hours: number) =>
      world.database.query(
        `update cloud_sweeps set calls = 250000, started_at = clock_timestamp() - $1 * interval '1 hour' where kind = 'dns_record' and status = 'complete'`,
        [hours],
      );
    await swept(1);
    expect(await world.sweeps.shouldSkip('dns_record')).toBe(true);
    await swept(3);
    expect(await world.sweeps.shouldSkip('dns_record')).toBe(false);
    const { data } = await world.service(KindReader).list(platform);
    expect(data.find(({ kind }) => kind === 'dns_record')).toMatchObject({ cadence_s: 9_000 });
  });

  it('gives a tenant the records of its zone by the id of the zone, and no other tenant [TEN-3]', async () => {
    const [zone] = (await rowsOf('dns_zone')).filter(({ provider_id }) => provider_id === 'fern-bakery.example');
    const { data } = await world.inventory.list(platform, { kind: 'dns_record', parent_id: zone?.id }, { limit: 10 });
    expect(data).toMatchObject([{ kind: 'dns_record', attrs: { type: 'CAA', zone: 'fern-bakery.example' } }]);
    const [database] = await rowsOf('managed_db');
    expect((await world.inventory.list(platform, { kind: 'dns_record', parent_id: database?.id }, { limit: 10 })).data).toEqual([]);
    const asked = { kind: 'dns_record', parent_id: zone?.id };
    const recordsOf = async (tenantId: string) => (await world.inventory.list({ kind: 'tenant', tenantId }, asked, { limit: 10 })).data;
    expect(await recordsOf('acme')).toEqual([]);
    await world.owners.setOwner(zone?.id ?? '', 'acme', { ...ADMIN, reason: 'theirs' });
    expect(await recordsOf('acme')).toMatchObject([
      { tenant_id: 'acme', attrs: { type: 'CAA' }, attribution: { by: 'parent', ref: zone?.id } },
    ]);
    expect(await recordsOf('bird')).toEqual([]);
    await world.owners.setOwner(zone?.id ?? '', null, { ...ADMIN, reason: 'an end' });
  });

  it('gives the pools, nodes and volumes of a cluster its tenant [INV-12]', async () => {
    const tags = ['k8s', `k8s:${String(productOf('k8s_cluster').object.id)}`];
    await world.simulator.setDroplets([{ id: 700_000_001, name: 'main-3niq', tags }]);
    await world.simulator.change({ volumes: [{ name: 'pvc-1', tags }] });
    for (const kind of ['droplet', 'volume']) expect(await world.sweep(kind)).toMatchObject({ status: 'complete' });
    const [cluster] = await rowsOf('k8s_cluster');
    const owned = async () => {
      const parts = { kind: ['droplet', 'k8s_node_pool', 'volume'] };
      const { data } = await world.inventory.list({ kind: 'tenant', tenantId: 'acme' }, parts, { limit: 10 });
      return data.map(({ kind, attribution }) => `${kind} by ${attribution.by}`).sort();
    };
    expect(await owned()).toEqual([]);
    await world.owners.setOwner(cluster?.id ?? '', 'acme', { ...ADMIN, reason: 'theirs' });
    expect(await owned()).toEqual(['droplet by parent', 'k8s_node_pool by parent', 'volume by parent']);
    await world.owners.setOwner(cluster?.id ?? '', null, { ...ADMIN, reason: 'an end' });
    await world.simulator.change({ volumes: [] });
    await world.simulator.setDroplets([]);
  });

  it('counts each kind with its cost, for a tenant its own resources only [PRC-1]', async () => {
    const { data } = await world.service(KindReader).list(platform);
    expect(data.map(({ kind }) => kind)).toEqual([...KINDS.map(({ kind }) => kind), 'spaces_bucket']);
    expect(data.find(({ kind }) => kind === 'managed_db')).toMatchObject({
      label: 'Database',
      has_list: true,
      cadence_s: 900,
      count: 1,
      monthly: '30.00',
      status: 'available',
    });
    expect(data.find(({ kind }) => kind === 'nat_gateway')).toMatchObject({ count: 1, monthly: null });
    expect(data.find(({ kind }) => kind === 'spaces_bucket')).toMatchObject({ has_list: false, count: 0 });
    const own = await world.service(KindReader).list({ kind: 'tenant', tenantId: 'acme' });
    expect(own.data.filter(({ count }) => count > 0)).toEqual([]);
  });

  it('deletes no row of a list that could be read and now cannot: its sweep is refused, not silent [KND-2, INV-7]', async () => {
    await world.simulator.faults([{ id: 'closed', match: { path: '/v2/vpcs' }, effect: { type: 'status', status: 403 } }]);
    for (let nth = 0; nth < 4; nth += 1)
      expect(await world.sweep('vpc')).toMatchObject({ status: 'refused', reason: 'forbidden_by_provider', struck: 0, deleted: 0 });
    await world.simulator.faults([]);
    expect(await rowsOf('vpc')).toMatchObject([{ strikes: 0, deleted: false }]);
  });

  it('reads the only registry of an account where the provider has no list of them', async () => {
    await world.simulator.faults([
      { id: 'no list', match: { path: '/v2/registries' }, effect: { type: 'status', status: 404 } },
      {
        id: 'one',
        match: { path: '/v2/registry' },
        effect: { type: 'status', status: 200, body: { registry: productOf('container_registry').object } },
      },
    ]);
    expect(await world.sweep('container_registry')).toMatchObject({ status: 'complete', seen: 1, updated: 0, struck: 0, calls: 2 });
    await world.simulator.faults([{ id: 'neither', match: { path: '/v2/regist*' }, effect: { type: 'status', status: 404 } }]);
    expect(await world.sweep('container_registry')).toMatchObject({ status: 'refused', reason: 'not_found_at_provider', struck: 0 });
    await world.simulator.faults([]);
    expect(await rowsOf('container_registry')).toMatchObject([{ strikes: 0, deleted: false }]);
  });

  it('strikes no pool when a cluster cannot be read, because its pools are not known then [INV-4]', async () => {
    const [pool] = productOf('k8s_cluster').object.node_pools as RawObject[];
    const broken = { ...productOf('k8s_cluster').object, node_pools: [{ ...pool, count: 'three' }] };
    await world.simulator.change({ kubernetes_clusters: [broken] });
    expect(await world.sweep('k8s_node_pool')).toMatchObject({ status: 'incomplete', reason: 'unreadable_item', struck: 0 });
    expect(await rowsOf('k8s_node_pool')).toMatchObject([{ strikes: 0, deleted: false }]);
  });

  it('deletes the row of the object of each kind that is gone, and of no other [INV-3]', async () => {
    const kinds = products.filter((name) => productOf(name).stored);
    const twice = Object.entries(LISTED_PRODUCTS).flatMap(([name, { stored: place, object }]) =>
      place ? [[place.in, [object, another(object, name)].map((one) => ({ ...one, ...place.fields }))] as const] : [],
    );
    await world.simulator.change(Object.fromEntries(twice));
    for (const kind of kinds) expect(await world.sweep(kind)).toMatchObject({ kind, status: 'complete', discovered: 1 });
    await world.simulator.change(documentOf((object) => object));
    for (let round = 0; round < 3; round += 1) for (const kind of kinds) await world.sweep(kind);
    for (const kind of kinds) {
      const rows = await rowsOf(kind);
      expect({ kind, deleted: rows.filter(({ deleted }) => deleted).length, of: rows.length }).toEqual({ kind, deleted: 1, of: 2 });
    }
  });

  /** The same object with an id of its own. */
  function another(object: RawObject, name: string): RawObject {
    const field = kindNamed(name).idField ?? 'id';
    const id = object[field];
    if (typeof id === 'number') return { ...object, [field]: id + 1 };
    return {
      ...object,
      [field]:
        field === 'ip' ? '2001:db8:cad:d0::2f' : field === 'id' || field === 'uuid' ? `0${String(id).slice(1, -1)}0` : `${String(id)}2`,
    };
  }
});

/** The object with a mark in each text that is not kept. */
function withMarkedSecrets(object: RawObject, { kept: own }: ListedProduct): RawObject {
  const kept = [...own, ...productOf('k8s_node_pool').kept.map((place) => `node_pools.0.${place}`)];
  return withTexts(object, (text, place) => (kept.includes(place) ? text : `${text}${markOf(place)}`));
}

const PROJECT = '00000000-0000-4000-8000-00000000000a';
const DATABASE = String(productOf('managed_db').object.id);

describe('a list that the provider does not let us read', () => {
  let world: World;
  beforeAll(async () => {
    world = await newWorld();
    const { projects } = await world.simulator.account();
    await world.simulator.change({
      projects: [...projects, { ...projects[0], id: PROJECT, name: 'Fern', description: 'tenant:fern', is_default: false }],
      members: [{ project_id: PROJECT, urn: `do:dbaas:${DATABASE}` }],
      databases: [{ ...productOf('managed_db').object, project_id: PROJECT }],
    });
  });
  afterAll(() => world.close());

  it.each([
    { status: 403, reason: 'forbidden_by_provider' },
    { status: 404, reason: 'not_found_at_provider' },
    { status: 412, reason: 'refused_by_provider' },
  ])(
    'is not available after a first $status: no alarm, no part in as_of, and read again after a day [KND-2]',
    async ({ status, reason }) => {
      const body = { id: reason, message: 'no' };
      // Earlier sweeps are now older than the limit after which another kind is stalled.
      await world.database.query(`update cloud_sweeps set started_at = started_at - interval '2 hours'`);
      await world.simulator.faults([{ id: 'closed', match: { path: '/v2/databases' }, effect: { type: 'status', status, body } }]);
      expect(await world.sweep('managed_db')).toMatchObject({ status: 'not_available', reason });
      const { completeness } = await world.inventory.list(platform, {}, { limit: 1 });
      expect(completeness.managed_db).toEqual({ as_of: null, complete: false, reason: `not_available: ${reason}` });
      const kinds = await world.service(KindReader).list(platform);
      expect(kinds.data.find(({ kind }) => kind === 'managed_db')).toMatchObject({ status: 'not_available', last_complete_at: null });
      expect(await world.sweeps.shouldSkip('managed_db')).toBe(true);
      expect((await world.due.find()).map(({ kind }) => kind)).not.toContain('managed_db');
      expect(await world.database.query(`select 1 from events where type like 'sweep.%'`)).toEqual([]);
    },
  );

  it('leaves its members of projects as rows without details, with their tenant [KND-2, INV-11]', async () => {
    expect(await world.sweep('project')).toMatchObject({ status: 'complete' });
    const { data } = await world.inventory.list(platform, { kind: 'managed_db' }, { limit: 10 });
    expect(data).toMatchObject([{ provider_id: DATABASE, tenant_id: 'fern', name: null, attrs: { placeholder: true } }]);
    const complete = world.service(CompletenessReader);
    const { as_of } = await complete.ofKind('project');
    expect(as_of).not.toBeNull();
    expect(await complete.ofKind(['project', 'managed_db'])).toMatchObject({ as_of });
    for (let walk = 0; walk < 2; walk += 1) expect(await world.sweep('project')).toMatchObject({ status: 'complete', struck: 0 });
  });

  it('is read again after a day, and gives these rows their details in place [KND-2]', async () => {
    await world.simulator.faults([]);
    await world.database.query(
      `update cloud_sweeps set started_at = started_at - interval '25 hours', finished_at = finished_at - interval '25 hours' where kind = 'managed_db'`,
    );
    expect(await world.sweeps.shouldSkip('managed_db')).toBe(false);
    expect((await world.due.find()).map(({ kind }) => kind)).toContain('managed_db');
    const before = await world.database.query<{ id: string }>(`select id from cloud_resources where kind = 'managed_db'`);
    expect(await world.sweep('managed_db')).toMatchObject({ status: 'complete', discovered: 0, updated: 1 });
    const { data } = await world.inventory.list(platform, { kind: 'managed_db' }, { limit: 10 });
    expect(data).toMatchObject([{ id: before[0]?.id, name: 'fern-db', tenant_id: 'fern', attrs: { engine: 'pg' } }]);
    expect(data[0]?.attrs).not.toHaveProperty('placeholder');
    const types = await world.database.query<{ type: string }>(
      'select type from cloud_resource_events where resource_id = $1 order by seq',
      [before[0]?.id],
    );
    expect(types.filter(({ type }) => type === 'discovered')).toHaveLength(1);
  });

  it('waits with the lists under parents until the parents have been listed', async () => {
    const waiting = async () => (await world.sweeps.waitingForParents('dns_zone')).map(({ kind }) => kind);
    expect(await waiting()).toEqual([]);
    expect(await world.sweep('dns_record')).toMatchObject({ status: 'incomplete', reason: 'parents_not_listed', calls: 0 });
    expect(await waiting()).toEqual(['dns_record']);
    await world.sweep('dns_zone');
    expect(await world.sweep('dns_record')).toMatchObject({ status: 'complete' });
    expect(await waiting()).toEqual([]);
  });

  it('is refused, not silent, for a kind that the product needs, also when it was never read [KND-2]', async () => {
    await world.simulator.faults([{ id: 'closed', match: { path: '/v2/droplets' }, effect: { type: 'status', status: 403 } }]);
    expect(await world.sweep('droplet')).toMatchObject({ status: 'refused', reason: 'forbidden_by_provider' });
    await world.simulator.faults([]);
  });

  it('costs one call for 200 objects of a parent, and no more [KND-3]', async () => {
    const domain = 'large.example';
    const records = Array.from({ length: 201 }, (_, nr) => ({
      id: 1_900_000_000 + nr,
      domain,
      type: 'A',
      name: `w${nr}`,
      data: '203.0.113.1',
    }));
    await world.simulator.change({ domains: [{ name: domain }], domain_records: records });
    await world.sweep('dns_zone');
    await world.database.query(
      `update cloud_resources set deleted_at = clock_timestamp(), status = 'deleted' where kind = 'dns_zone' and provider_id <> $1`,
      [domain],
    );
    expect(await world.sweep('dns_record')).toMatchObject({ status: 'complete', calls: 2, seen: 201 });
  });

  it('reads the lists of parents one by one, so that they use no more than their share of a minute [KND-3]', async () => {
    const domains = Array.from({ length: 4 }, (_, nr) => ({ name: `zone-${nr}.example` }));
    await world.simulator.change({ domains, domain_records: [] });
    await world.sweep('dns_zone');
    const slow = await world.another({ DO_RATE_PER_MINUTE: '20', DO_MINUTE_WINDOW_MS: '500' }); // two of its calls in half a second
    const startedAt = performance.now();
    expect(await slow.sweeps.run('dns_record', { trigger: 'manual' })).toMatchObject({ status: expect.any(String) as string });
    expect(performance.now() - startedAt).toBeGreaterThan(700); // five zones: three of them wait for 250 ms
  });
});

describe('the list of a product that the account does not use', () => {
  let world: World;
  const setBack = (kind: string, interval: string) =>
    world.database.query(
      `update cloud_sweeps set started_at = started_at - $2::interval, finished_at = finished_at - $2::interval where kind = $1`,
      [kind, interval],
    );
  const isDue = async (kind: string) => (await world.due.find()).some((due) => due.kind === kind);
  const kindOf = async (kind: string) => (await world.service(KindReader).list(platform)).data.find((row) => row.kind === kind);

  beforeAll(async () => {
    world = await newWorld({}, { empty: true });
    const { projects } = await world.simulator.account();
    await world.simulator.change({ projects: [...projects, { ...projects[0], id: PROJECT, name: 'Fern', is_default: false }] });
    for (const kind of ['droplet', 'managed_db']) await world.sweep(kind);
  });
  afterAll(() => world.close());

  it('is read once a day: no tick and no repair reads it before [KND-3]', async () => {
    expect(await kindOf('managed_db')).toMatchObject({ last_complete_at: expect.any(String) as string });
    expect(await world.sweeps.shouldSkip('managed_db')).toBe(true);
    await setBack('managed_db', '23 hours');
    expect(await world.sweeps.shouldSkip('managed_db')).toBe(true);
    expect(await isDue('managed_db')).toBe(false);
    expect(await kindOf('managed_db')).toMatchObject({ cadence_s: 86_400, status: 'available', count: 0 });
    await setBack('managed_db', '58 minutes');
    expect(await world.sweeps.shouldSkip('managed_db')).toBe(false);
    await setBack('managed_db', '1 hour');
    expect(await isDue('managed_db')).toBe(true);
  });

  it('has no part in the as_of of several kinds, and its own age alone [INV-15]', async () => {
    const complete = world.service(CompletenessReader);
    const { as_of: droplets } = await complete.ofKind('droplet');
    expect((await complete.ofKind(['droplet', 'managed_db'])).as_of).toBe(droplets);
    expect(Date.parse((await complete.ofKind('managed_db')).as_of ?? '')).toBeLessThan(Date.now() - 86_400_000);
  });

  it('is never one that the product needs: an empty list of droplets is read as often as before [KND-3]', async () => {
    await setBack('droplet', '1 hour');
    expect(await world.sweeps.shouldSkip('droplet')).toBe(false);
    expect(await isDue('droplet')).toBe(true);
    expect(await kindOf('droplet')).toMatchObject({ cadence_s: 60 });
  });

  it('is read again as soon as a project lists a resource of it, and stays at its cadence while there is one [KND-3]', async () => {
    expect(await world.sweep('managed_db')).toMatchObject({ status: 'complete', seen: 0 });
    await setBack('managed_db', '1 hour');
    expect(await isDue('managed_db')).toBe(false);
    const database = { ...productOf('managed_db').object, project_id: PROJECT };
    await world.simulator.change({ databases: [database], members: [{ project_id: PROJECT, urn: `do:dbaas:${DATABASE}` }] });
    expect(await world.sweep('project')).toMatchObject({ status: 'complete' });
    expect(await world.sweeps.shouldSkip('managed_db')).toBe(false);
    expect(await isDue('managed_db')).toBe(true);
    expect(await world.sweep('managed_db')).toMatchObject({ status: 'complete', seen: 1 });
    await setBack('managed_db', '1 hour');
    expect(await world.sweeps.shouldSkip('managed_db')).toBe(false);
    expect(await kindOf('managed_db')).toMatchObject({ cadence_s: 900, count: 1 });
  });
});

describe('a bucket of the object storage', () => {
  let world: World;
  let storage: Server;
  /** The buckets of each region; undefined: the storage refuses. */
  const listed: Record<string, string[] | undefined> = { fra1: ['fern-assets'], ams3: ['fern-logs', 'in-no-project'] };
  const buckets = async () => {
    const { data } = await world.inventory.list(platform, { kind: 'spaces_bucket' }, { limit: 10 });
    const rows = data.map(({ name, region, tenant_id, attrs, price }) => ({ name: name ?? '', region, tenant_id, attrs, price }));
    return rows.toSorted((one, other) => one.name.localeCompare(other.name));
  };
  const walk = async () => expect(await world.sweep('project')).toMatchObject({ status: 'complete' });

  beforeAll(async () => {
    storage = createServer(({ url = '', headers: { authorization = '' } }, response) => {
      const names = listed[url.slice(1)];
      if (!names || !/^AWS4-HMAC-SHA256 Credential=DO00EXAMPLE\/\d{8}\/\w+\/s3\/aws4_request, /.test(authorization))
        return response.writeHead(403).end('<Error><Code>AccessDenied</Code></Error>');
      const list = names.map((name) => `<Bucket><Name>${name}</Name><CreationDate>2026-03-01T10:00:00.000Z</CreationDate></Bucket>`);
      return response.end(`<ListAllMyBucketsResult><Buckets>${list.join('')}</Buckets></ListAllMyBucketsResult>`);
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => storage.once('listening', resolve));
    world = await newWorld({ STRIKES_TO_DELETE: '2', PLACEHOLDER_STRIKE_SPACING_MS: '0' }, { empty: true });
    const { projects } = await world.simulator.account();
    const members = ['fern-assets', 'fern-logs', 'fern-site'].map((name) => ({ project_id: PROJECT, urn: `do:space:${name}` }));
    await world.simulator.change({
      projects: [...projects, { ...projects[0], id: PROJECT, name: 'Fern', description: 'tenant:fern', is_default: false }],
      members,
      cdn_endpoints: [{ ...productOf('cdn_endpoint').object, origin: 'fern-site.syd1.digitaloceanspaces.com' }],
    });
  });
  afterAll(async () => {
    storage.close();
    await world.close();
  });

  it('is known from its project, and its region from the endpoint of its content delivery [INV-11]', async () => {
    await world.sweep('cdn_endpoint');
    await walk();
    expect(await buckets()).toMatchObject([
      { name: 'fern-assets', region: null, tenant_id: 'fern', attrs: { placeholder: true } },
      { name: 'fern-logs', region: null, tenant_id: 'fern', attrs: { placeholder: true } },
      { name: 'fern-site', region: 'syd1', tenant_id: 'fern', attrs: {} },
    ]);
    expect(JSON.stringify((await buckets())[0]?.price)).toContain('subscription of the account');
  });

  it('gets its region and age from the object storage, which also lists buckets of no project, once it has keys [INV-1]', async () => {
    const before = await world.database.query<{ id: string }>(`select id from cloud_resources where kind = 'spaces_bucket' order by name`);
    const { port } = storage.address() as AddressInfo;
    const keyed = await world.another({
      SPACES_KEYS: 'DO00EXAMPLE:a-secret-of-the-storage',
      SPACES_URL: `http://127.0.0.1:${port}/{region}`,
      SPACES_REGIONS: 'fra1,ams3',
    });
    const sweep = async () => expect(await keyed.sweeps.run('project', { trigger: 'manual' })).toMatchObject({ status: 'complete' });
    const created_at = '2026-03-01T10:00:00.000Z';
    await sweep();
    const full = [
      { name: 'fern-assets', region: 'fra1', tenant_id: 'fern', attrs: { created_at } },
      { name: 'fern-logs', region: 'ams3', tenant_id: 'fern', attrs: { created_at } },
      { name: 'fern-site', region: 'syd1', tenant_id: 'fern', attrs: {} },
      { name: 'in-no-project', region: 'ams3', tenant_id: null, attrs: { created_at } },
    ];
    expect(await buckets()).toMatchObject(full);
    const after = await world.database.query<{ id: string }>(
      `select id from cloud_resources where kind = 'spaces_bucket' and tenant_id is not null order by name`,
    );
    expect(after).toEqual(before);
    listed.ams3 = undefined; // what is not read is not missing, and keeps what is known of it
    for (let round = 0; round < 3; round += 1) await sweep();
    expect(await buckets()).toHaveLength(4);
    listed.ams3 = ['fern-logs'];
    for (let round = 0; round < 3; round += 1) await sweep();
    expect((await buckets()).map(({ name }) => name)).toEqual(['fern-assets', 'fern-logs', 'fern-site']);
    const stored = await world.database.query<{ text: string }>(`select string_agg(t::text, ' ') as text from cloud_resources t`);
    expect(stored[0]?.text).not.toContain('a-secret-of-the-storage');
  });
});
