import { KINDS, listedKind } from '../../../libs/features/inventory/src/kinds';
import { contentHash } from '../../../libs/features/inventory/src/recorder/decide-changes';
import { newWorld, type World } from '../../support/inventory-world';
import { LISTED, listing, type RawObject } from '../../support/listed-objects';
import { NOTHINGS, respelled } from '../../support/respelled-objects';
import { LISTED_PRODUCTS } from '../../support/listed-products';
import { SeededRandom } from '../../support/seeded-random';

const SPELLINGS = Number(process.env.FUZZ_RUNS ?? (process.env.TEST_LONG ? 500 : 40));
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);
const kinds = KINDS.flatMap(({ kind, required }) => (required ? [kind] : []));
const FIXTURES: Readonly<Record<string, { readonly object: RawObject; readonly parentId?: string }>> = { ...LISTED, ...LISTED_PRODUCTS };
const allKinds = KINDS.map(({ kind }) => kind);
const platform = { kind: 'platform' } as const;

describe(`objects in other notations (seed ${SEED})`, () => {
  it.each(allKinds)('reads every notation of a %s as the same observation (A1) [TRU-2, INV-2]', (name) => {
    const random = new SeededRandom(SEED);
    const kind = listedKind(name);
    const { object, parentId } = FIXTURES[name] ?? {};
    const seen = kind?.observe(object, parentId);
    for (let n = 0; n < SPELLINGS; n += 1) {
      const written = respelled(random, object);
      const again = kind?.observe(written, parentId);
      expect({ written, again }).toEqual({ written, again: seen });
      expect(again && contentHash(again)).toBe(seen && contentHash(seen));
    }
  });

  it.each(allKinds)('takes each field of a %s as nothing alike: null, absent, "", [] and {} (A3) [TRU-3]', (name) => {
    const kind = listedKind(name);
    const { object, parentId } = FIXTURES[name] ?? {};
    const read = (raw: RawObject) => {
      try {
        return { seen: kind?.observe(raw, parentId) };
      } catch (error) {
        const { code, field } = error as { code?: string; field?: string };
        if (code !== 'malformed_answer' || field === undefined) throw error; // any other error would end the sweep
        return { field };
      }
    };
    for (const { path, write } of places(object ?? {})) {
      const outcomes = NOTHINGS.map((nothing) => ({ path, outcome: read(write(nothing)) }));
      for (const outcome of outcomes) expect(outcome).toEqual(outcomes[0]);
    }
  });
});

/** Every field of an object and of the objects in it, with a function that writes another value there. */
function places(object: RawObject, at = ''): { path: string; write: (value: unknown) => RawObject }[] {
  return Object.entries(object).flatMap(([name, value]) => {
    const inner = typeof value === 'object' && value !== null && !Array.isArray(value) ? places(value as RawObject, `${at}${name}.`) : [];
    const first: unknown = Array.isArray(value) ? value[0] : undefined;
    const entry = typeof first === 'object' && first !== null ? places(first as RawObject, `${at}${name}.0.`) : [];
    return [
      { path: `${at}${name}`, write: (written: unknown) => withField(object, name, written) },
      ...inner.map(({ path, write }) => ({ path, write: (written: unknown) => ({ ...object, [name]: write(written) }) })),
      ...entry.map(({ path, write }) => ({
        path,
        write: (written: unknown) => ({ ...object, [name]: [write(written), ...(value as unknown[]).slice(1)] }),
      })),
    ];
  });
}

function withField(object: RawObject, name: string, value: unknown): RawObject {
  if (value !== undefined) return { ...object, [name]: value };
  return Object.fromEntries(Object.entries(object).filter(([other]) => other !== name));
}

describe('a sweep', () => {
  let world: World;
  beforeAll(async () => {
    world = await newWorld();
  });
  afterAll(() => world.close());

  it('writes no event and no second row when the provider lists its objects in another notation (A1) [TRU-2, INV-2, INV-11]', async () => {
    const random = new SeededRandom(SEED);
    const sweepAll = async (objectOf: (kind: string) => unknown) => {
      await world.simulator.faults(kinds.map((kind) => listing(kind, [objectOf(kind)])));
      for (const kind of kinds)
        expect(await world.sweep(kind)).toMatchObject({ status: expect.stringMatching('complete') as string, reason: null });
    };
    await sweepAll((kind) => LISTED[kind]?.object);
    const before = await rows();
    expect(before.map(({ kind }) => kind).sort()).toEqual([...kinds].sort());
    for (let round = 0; round < 3; round += 1) {
      await sweepAll((kind) => respelled(random, LISTED[kind]?.object));
      expect(await rows()).toEqual(before);
    }
    const events = await world.database.query<{ type: string }>('select distinct type from cloud_resource_events');
    expect(events).toEqual([{ type: 'discovered' }]);
  });

  const rows = () =>
    world.database.query<{ kind: string }>('select id, kind, provider_id, name, attrs, content_hash from cloud_resources order by kind');

  it('finds a resource by any notation of its address and a zone by any letter case (A1) [TRU-2]', async () => {
    const found = async (q: string) => (await world.inventory.list(platform, { q }, { limit: 10 })).data.map(({ kind }) => kind);
    expect(await found('2001:0DB8:0CAD:00D0:0:0:0:001F')).toEqual(['droplet']);
    expect(await found('2001:DB8:0:0::10')).toEqual(['load_balancer']);
    expect(await world.register.findByName(platform, 'dns_zone', 'FERN-bakery.Example.')).toMatchObject({
      provider_id: 'fern-bakery.example',
    });
  });
});

it('a demo account that is listed in other notations causes no event in any kind (A1, A3, A6) [TRU-2, INV-2]', async () => {
  const world = await newWorld({}, {});
  try {
    const sweepAll = async () => {
      for (const kind of [...kinds, 'project'])
        expect(await world.sweep(kind)).toMatchObject({ status: 'complete', updated: 0, struck: 0 });
    };
    await sweepAll();
    const eventTypes = () =>
      world.database.query('select type, count(*)::int as count from cloud_resource_events group by type order by type');
    const before = await eventTypes();
    await world.simulator.faults([{ id: 'respell', match: { method: 'GET' }, effect: { type: 'respell' } }]);
    for (let round = 0; round < 2; round += 1) await sweepAll();
    expect((await world.simulator.fired()).respell).toBeGreaterThan(20);
    expect(await eventTypes()).toEqual(before);
  } finally {
    await world.close();
  }
});
