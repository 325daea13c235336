import { KindReader, KINDS, LIST_PRODUCTS, unitOfProduct, type Kind } from '#libs/inventory';
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
