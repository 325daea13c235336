import { KINDS, listedKind } from '../../../libs/features/inventory/src/kinds';
import { readableId } from '../../../libs/features/inventory/src/kinds/kind';
import { newWorld, type World } from '../../support/inventory-world';
import { LISTED, listing, type RawObject } from '../../support/listed-objects';
import { LISTED_PRODUCTS } from '../../support/listed-products';
import { damaged } from '../../support/respelled-objects';
import { SeededRandom } from '../../support/seeded-random';

jest.setTimeout(600_000);

const OBJECTS = Number(process.env.FUZZ_RUNS ?? (process.env.TEST_LONG ? 500 : 16));
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);
/** The first kinds, each with a field to break. The others pass the same code. */
const kinds = KINDS.flatMap(({ kind, required }) => (required ? [kind] : []));

/** For each kind, a change that makes one field unreadable. The lists of two kinds have nothing but an id and optional numbers. */
const BROKEN: Readonly<Record<string, { readonly field: string; readonly value: unknown }>> = {
  droplet: { field: 'status', value: null },
  dns_zone: { field: 'ttl', value: 'an hour' },
  volume: { field: 'size_gigabytes', value: 'ten' },
  floating_ip: { field: 'region', value: 'fra1' },
  firewall: { field: 'status', value: '' },
  load_balancer: { field: 'status', value: 7 },
  snapshot: { field: 'resource_type', value: {} },
  droplet_backup: { field: 'min_disk_size', value: 'small' },
};

let world: World;
beforeAll(async () => {
  world = await newWorld({ STRIKES_TO_DELETE: '3' });
});
beforeEach(() => world.forget());
afterAll(() => world.close());

/** The nth object of a kind: the same values with an id of its own. */
function nth(kind: string, n: number): RawObject {
  const object: RawObject = { ...LISTED, ...LISTED_PRODUCTS }[kind]?.object ?? {};
  const field = listedKind(kind)?.idField ?? 'id';
  return { ...object, [field]: nthId(object[field], n) };
}

function nthId(id: unknown, n: number): unknown {
  if (typeof id === 'number') return id + n;
  const text = String(id);
  if (text.includes('::')) return `2001:db8::${(n + 1).toString(16)}`;
  if (/^[\d.]+\.\d+$/.test(text)) return `192.0.${n >> 8}.${n & 255}`;
  return text.includes('.') ? `zone-${n}.example` : `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
}

const list = (kind: string, objects: readonly unknown[]) =>
  world.simulator.faults([
    listing(kind, objects, LISTED_PRODUCTS[kind]),
    {
      id: 'gpus',
      match: { path: '/v2/droplets', query: { type: 'gpus' } },
      effect: { type: 'status', status: 200, body: { droplets: [], meta: { total: 0 } } },
    },
  ]);

const rows = (kind: string) =>
  world.database.query<{ provider_id: string; strikes: number; deleted: boolean }>(
    `select provider_id, stale_strike_count::int as strikes, deleted_at is not null as deleted from cloud_resources where kind = $1 order by provider_id`,
    [kind],
  );

it.each(kinds)(
  'one unreadable %s costs itself only: the sweep names it, keeps its row, and deletes another that is gone (A3) [TRU-3, INV-3]',
  async (kind) => {
    const objects = Array.from({ length: 4 }, (_, n) => nth(kind, n));
    await list(kind, objects);
    expect(await world.sweep(kind)).toMatchObject({ status: 'complete', discovered: 4, unreadable_items: [] });
    const [first = {}, , ...others] = objects;
    const { field, value } = BROKEN[kind] ?? { field: '', value: null };
    await list(kind, [{ ...first, [field]: value }, ...others]);
    const named = { list: LISTED[kind]?.path, object_id: readableId(listedKind(kind) ?? {}, first), field: expect.any(String) as string };
    const { object_id: provider_id } = named;
    for (const deleted of [0, 0, 1])
      expect(await world.sweep(kind)).toMatchObject({
        status: 'complete',
        reason: 'unreadable_item',
        struck: 1,
        deleted,
        seen: 2,
        unreadable_count: 1,
        unreadable_items: [{ ...named, provider_id, reason: expect.stringContaining(field) as string }],
      });
    const after = await rows(kind);
    expect(after.filter((row) => row.deleted)).toHaveLength(1);
    expect(after.filter((row) => !row.deleted && row.strikes > 0)).toEqual([]);
    expect(after.find((row) => row.provider_id === named.object_id)).toMatchObject({ strikes: 0, deleted: false });
    const { completeness } = await world.inventory.list({ kind: 'platform' }, { kind }, { limit: 1 });
    expect(completeness[kind]).toMatchObject({ complete: true, reason: 'unreadable_item' });
  },
);

it('takes the strikes from a row whose object is listed again but cannot be read (A3) [TRU-3, INV-3]', async () => {
  const objects = Array.from({ length: 4 }, (_, n) => nth('volume', n));
  await list('volume', objects);
  await world.sweep('volume');
  await list('volume', objects.slice(1));
  expect(await world.sweep('volume')).toMatchObject({ status: 'complete', struck: 1 });
  await list('volume', [{ ...objects[0], size_gigabytes: 'ten' }, ...objects.slice(1)]);
  expect(await world.sweep('volume')).toMatchObject({ status: 'complete', struck: 0 });
  expect((await rows('volume')).map(({ strikes }) => strikes)).toEqual([0, 0, 0, 0]);
});

it('strikes nothing when it cannot tell which object is unreadable, or when many are (A3) [TRU-3, INV-4]', async () => {
  const objects = Array.from({ length: 30 }, (_, n) => nth('volume', n));
  await list('volume', objects);
  await world.sweep('volume');
  await list('volume', [{ ...objects[0], id: null }, ...objects.slice(2)]);
  const nameless = { list: '/v2/volumes', object_id: null, field: 'id' };
  expect(await world.sweep('volume')).toMatchObject({
    status: 'incomplete',
    reason: 'unreadable_item',
    struck: 0,
    unreadable_items: [nameless],
  });
  await list(
    'volume',
    objects.slice(2).map((object, n) => (n < 7 ? { ...object, size_gigabytes: 'ten' } : object)),
  );
  expect(await world.sweep('volume')).toMatchObject({ status: 'incomplete', reason: 'unreadable_item', struck: 0 });
  expect((await rows('volume')).filter(({ strikes }) => strikes > 0)).toEqual([]);
});

it.each([
  ['managed_db', 'num_nodes'],
  ['nat_gateway', 'size'],
  ['nfs_share', 'size_gib'],
])('keeps the row of a %s whose %s is below zero, without a price, and those of its page (A3) [TRU-3, INV-1]', async (kind, field) => {
  await list(kind, [{ ...nth(kind, 0), [field]: -1 }, nth(kind, 1)]);
  expect(await world.sweep(kind)).toMatchObject({ status: 'complete', discovered: 2 });
});

it('names the first 20 unreadable objects and counts all (A3) [TRU-3]', async () => {
  const objects = Array.from({ length: 200 }, (_, n) => ({ ...nth('volume', n), ...(n < 25 && { size_gigabytes: 'ten' }) }));
  await list('volume', objects);
  const { unreadable_items: named, unreadable_count: count } = await world.sweep('volume');
  expect({ named: named.length, count }).toEqual({ named: 20, count: 25 });
});

it('takes a list of null as an empty one: complete without rows, suspect where rows are active (A3) [TRU-3, INV-5]', async () => {
  await world.simulator.faults([listing('firewall', null)]);
  expect(await world.sweep('firewall')).toMatchObject({ status: 'complete', seen: 0 });
  await list(
    'firewall',
    Array.from({ length: 3 }, (_, n) => nth('firewall', n)),
  );
  await world.sweep('firewall');
  await world.simulator.faults([listing('firewall', null)]);
  expect(await world.sweep('firewall')).toMatchObject({ status: 'suspect', reason: 'empty_list' });
});

it('keeps a project that cannot be read, its members and their owner, and the rest of the sweep goes on (A3) [TRU-3, INV-12]', async () => {
  const project = { id: '4de7ac8b-495b-4884-9a69-1050c6793cd6', name: 'Fern Bakery', description: 'tenant:fern', is_default: false };
  const { projects } = await world.simulator.account();
  await world.simulator.change({ projects: [...projects, { ...projects[0], ...project }] });
  await world.simulator.setDroplets([{ id: 7, name: 'fern-web-1' }]);
  await world.simulator.change({ members: [{ project_id: project.id, urn: 'do:droplet:7' }] });
  await world.sweep('droplet');
  expect(await world.sweep('project')).toMatchObject({ status: 'complete' });
  const listed = (await world.simulator.call('GET', '/v2/projects?per_page=200')) as { projects: RawObject[] };
  const broken = listed.projects.map((one) => (one.id === project.id ? { ...one, name: 7 } : one));
  await world.simulator.faults([
    {
      id: 'broken',
      match: { method: 'GET', path: '/v2/projects' },
      effect: { type: 'status', status: 200, body: { projects: broken, links: {}, meta: { total: broken.length } } },
    },
  ]);
  const item = { list: '/v2/projects', object_id: project.id, field: 'name' };
  for (let n = 0; n < 4; n += 1)
    expect(await world.sweep('project')).toMatchObject({ status: 'complete', reason: 'unreadable_item', unreadable_items: [item] });
  expect(
    await world.database.query(`select name, stale_strike_count as strikes, deleted_at from cloud_projects where provider_id = $1`, [
      project.id,
    ]),
  ).toEqual([{ name: 'Fern Bakery', strikes: 0, deleted_at: null }]);
  expect((await world.inventory.list({ kind: 'platform' }, { kind: 'droplet' }, { limit: 1 })).data).toMatchObject([{ tenant_id: 'fern' }]);
});

/** The list of a kind as the provider writes it: where objects of another kind contain its objects, each of them in one of those. */
const written = (kind: string, objects: readonly RawObject[]): readonly RawObject[] =>
  kind === 'k8s_node_pool' ? objects.map((pool, n) => ({ ...nth('k8s_cluster', n), node_pools: [pool] })) : objects;

/** The id of the object that contains the nth one: it is named in its place. */
const containersOf = (kind: string, n: number) => (kind === 'k8s_node_pool' ? [String(nth('k8s_cluster', n).id)] : []);

let unreadable = 0;
it.each(KINDS.map(({ kind, under }) => ({ kind, parent: under?.kind })))(
  `no $kind, however damaged, ends a sweep or deletes a row (${OBJECTS} objects, seed ${SEED}) (A3) [TRU-3, INV-3]`,
  async ({ kind, parent }) => {
    const random = new SeededRandom(SEED);
    if (parent !== undefined) {
      await list(parent, [{ ...LISTED, ...LISTED_PRODUCTS }[parent]?.object]);
      await world.sweep(parent);
    }
    const idOf = (object: RawObject) => readableId(listedKind(kind) ?? {}, object, LISTED_PRODUCTS[kind]?.parentId);
    const objects = Array.from({ length: OBJECTS }, (_, n) => nth(kind, n));
    await list(kind, written(kind, objects));
    expect(await world.sweep(kind)).toMatchObject({ status: 'complete', discovered: OBJECTS });
    for (let from = 0; from < OBJECTS; from += 4) {
      const isInjured = (n: number) => n >= from && n < from + 4;
      const injured = new Set(objects.flatMap((object, n) => (isInjured(n) ? [idOf(object), ...containersOf(kind, n)] : [])));
      const some = objects.map((object, n) => (isInjured(n) ? damaged(random, object, listedKind(kind)?.idField ?? 'id') : object));
      await list(kind, written(kind, some));
      const sweep = await world.sweep(kind);
      expect(['complete', 'incomplete']).toContain(sweep.status);
      expect([null, 'unreadable_item', 'count_mismatch', 'parents_asked_one_by_one']).toContain(sweep.reason);
      expect(sweep.deleted).toBe(0);
      const named = sweep.unreadable_items.flatMap(({ object_id: id }) => id ?? []);
      expect(named.filter((id) => !injured.has(id))).toEqual([]);
      unreadable += sweep.unreadable_items.length;
      await list(kind, written(kind, objects));
      expect(await world.sweep(kind)).toMatchObject({ status: 'complete', deleted: 0 });
    }
    expect((await rows(kind)).filter((row) => row.deleted)).toEqual([]);
  },
  3_600_000,
);

it('met objects that could not be read (A3) [TRU-3]', () => {
  expect(unreadable).toBeGreaterThan(0);
});
