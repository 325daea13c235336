import { verifyChain, type Finding } from '#libs/audit';
import { withSession } from '#libs/database';
import { APPEND_ONLY_STREAMS, INVENTORY_SWEEPS, KINDS } from '#libs/inventory';
import { FUZZED_KINDS, FuzzedAccount, PRODUCT_LISTS } from './fuzzed-account';
import { SeededRandom } from '../../support/seeded-random';
import type { FaultRule } from '../../support/simulator-client';
import { ADMIN } from '../../support/principals';
import { newWorld, type World } from '../../support/inventory-world';

const CYCLES = Number(process.env.FUZZ_CYCLES ?? (process.env.TEST_LONG ? 1_000 : 10));
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);

const LISTS = [
  'droplets',
  'volumes',
  'domains',
  'reserved_ips',
  'firewalls',
  'load_balancers',
  'snapshots',
  'images',
  'projects',
  'projects/*/resources',
  ...PRODUCT_LISTS,
];

type Fault = (path: string, random: SeededRandom) => Omit<FaultRule, 'id'>;

/** Faults of a list. Every fault must fire at least once, or the run proves nothing. */
const FAULTS: Record<string, Fault> = {
  'html error': (path) => ({ match: { path }, effect: { type: 'status', status: 524, body: 'html' } }),
  'server error': (path, random) => ({ match: { path }, times: 1 + random.below(4), effect: { type: 'status', status: 500 } }),
  'cut body': (path) => ({ match: { path, nth: 1 }, effect: { type: 'truncate' } }),
  'lost scope': (path) => ({ match: { path }, effect: { type: 'hide' } }),
  'half a list': (path, random) => ({ match: { path }, effect: { type: 'hide', body: { ratio: 0.1 + random.next() * 0.8 } } }),
  'shifting page': () => ({ match: { path: '/v2/*', query: { page: '2' } }, times: 1, effect: { type: 'page_shift' } }),
  'other account': () => ({ match: { path: '/v2/*' }, effect: { type: 'other_account' } }),
  forbidden: (path) => ({ match: { path }, effect: { type: 'status', status: 403 } }),
};

let world: World;
afterAll(() => world.close());

it('fuzzes every declared kind, also those that are listed under or within another', () => {
  expect(Object.keys(FUZZED_KINDS).sort()).toEqual([...KINDS.map(({ kind }) => kind), 'spaces_bucket'].sort());
});

it(
  `deletes nothing that exists, restores nothing that was deleted, and takes nothing from its tenant in ${CYCLES} fuzzed cycles over every kind, and ends exact (seed ${SEED}) [INV-1 to INV-15]`,
  async () => {
    console.log(`cycle fuzz: FUZZ_SEED=${SEED} FUZZ_CYCLES=${CYCLES}`);
    const random = new SeededRandom(SEED);
    const truth = new FuzzedAccount(random);
    world = await newWorld({ ACCOUNT_CHECK_MS: '0' }, { empty: true, seed: SEED });
    const fired: Record<string, number> = {};
    const ended: Record<string, number> = {};
    await world.simulator.change(truth.document());
    for (let round = 0; round < 2; round += 1) await cycle(random, ended);
    let settled = truth.tenants();
    let possible = ownersOf(settled);

    for (let round = 0; round < CYCLES; round += 1) {
      truth.change();
      await world.simulator.change(truth.document());
      const names = Object.keys(FAULTS);
      const name = round < names.length ? names[round] : random.chance(0.7) ? random.pick(names) : undefined;
      const path = `/v2/${random.pick(LISTS)}`;
      await world.simulator.faults(name ? [{ id: name, ...FAULTS[name]?.(path, random) } as FaultRule] : []);
      const now = truth.tenants();
      for (const [name, owners] of possible) owners.add(now.get(name) ?? null);
      const complete = await cycle(random, ended);
      if (name) fired[name] = (fired[name] ?? 0) + ((await world.simulator.fired())[name] ?? 0);
      if (complete && !name) {
        settled = truth.tenants(); // a kind that no complete cycle has listed has no known owner
        possible = ownersOf(settled);
      }
      expect(await wrong(truth, possible)).toEqual({ deletedButAlive: [], restoredButDeleted: [], lost: [] });
    }

    await world.simulator.faults([]);
    for (let round = 0; round < 5; round += 1) await cycle(random, ended, true);
    expect(await rows()).toEqual([...truth.things].flatMap(([kind, all]) => [...all.keys()].map((id) => `${kind}/${id}`)).sort());
    expect(await wrong(truth, ownersOf(truth.tenants()))).toEqual({ deletedButAlive: [], restoredButDeleted: [], lost: [] });
    const events = await eventCounts();
    expect(events.discoveredTwice).toEqual([]);
    expect(await cycle(random, ended)).toBe(true);
    expect(await eventCounts()).toEqual(events);
    expect(await findings()).toEqual([]);
    const { as_of, completeness } = await world.inventory.list({ kind: 'platform' }, {}, { limit: 1 });
    expect(as_of).not.toBeNull();
    expect(KINDS.filter(({ kind }) => completeness[kind]?.complete !== true || completeness[kind].as_of === null)).toEqual([]);
    console.log(`cycle fuzz: ${JSON.stringify({ ended, fired })}`);
    expect(Object.keys(FAULTS).filter((name) => !fired[name])).toEqual([]);
  },
  180_000 + CYCLES * 12_000,
);

/** Sweeps every fuzzed kind once, some of them twice at the same time, in random order. Returns whether all sweeps were complete. */
async function cycle(random: SeededRandom, ended: Record<string, number>, release = false): Promise<boolean> {
  const kinds = INVENTORY_SWEEPS.map(({ kind }) => kind)
    .filter((kind) => kind in FUZZED_KINDS || kind === 'project')
    .toSorted(() => random.next() - 0.5);
  let complete = true;
  for (const kind of kinds) {
    const sweeps = await Promise.all(Array.from({ length: random.chance(0.1) ? 2 : 1 }, () => world.sweep(kind)));
    for (const { id, status } of sweeps) {
      ended[status] = (ended[status] ?? 0) + 1;
      complete &&= status === 'complete' || status === 'running';
      if (release && status === 'suspect') await world.sweeps.release(id, { ...ADMIN, reason: 'the account has changed' });
    }
  }
  return complete;
}

/** The owners that each owned thing may have now: those that it had since the last complete cycle. */
const ownersOf = (settled: ReadonlyMap<string, string>) =>
  new Map([...settled].map(([name, tenant]) => [name, new Set<string | null>([tenant])]));

/** The number of events of each type, and the resources that were discovered more than once. */
async function eventCounts() {
  const counts = await world.database.query('select type, count(*)::int from cloud_resource_events group by type order by type');
  const discoveredTwice = await world.database.query(
    `select resource_id from cloud_resource_events where type = 'discovered' group by resource_id having count(*) > 1`,
  );
  return { counts, discoveredTwice };
}

/** What the verification of the record chain finds wrong. */
async function findings(): Promise<Finding[]> {
  const found: Finding[] = [];
  const against = { streams: APPEND_ONLY_STREAMS, keepDays: 400 };
  await withSession(world.owner.appUrl, 'service', (session) => verifyChain(session, against, (finding) => found.push(finding)));
  return found;
}

async function wrong(truth: FuzzedAccount, possible: ReadonlyMap<string, ReadonlySet<string | null>>) {
  const deleted = await world.database.query<{ kind: string; provider_id: string }>(
    'select kind, provider_id from cloud_resources where deleted_at is not null',
  );
  const restored = await world.database.query<{ kind: string; provider_id: string }>(
    `select r.kind, r.provider_id from cloud_resource_events e join cloud_resources r on r.id = e.resource_id where e.type = 'restored'`,
  );
  const live = await world.database.query<{ kind: string; provider_id: string; tenant_id: string | null }>(
    'select kind, provider_id, tenant_id from cloud_resources where deleted_at is null',
  );
  const name = (row: { kind: string; provider_id: string }) => `${row.kind}/${row.provider_id}`;
  return {
    deletedButAlive: deleted.filter((row) => truth.exists(row.kind, row.provider_id)).map(name),
    restoredButDeleted: restored.filter((row) => !truth.exists(row.kind, row.provider_id)).map(name),
    lost: live
      .filter((row) => truth.exists(row.kind, row.provider_id))
      .filter((row) => possible.get(name(row))?.has(row.tenant_id) === false)
      .map((row) => `${name(row)}: ${row.tenant_id}`),
  };
}

async function rows(): Promise<string[]> {
  const kinds = Object.keys(FUZZED_KINDS);
  const live = await world.database.query<{ name: string }>(
    `select kind || '/' || provider_id as name from cloud_resources where deleted_at is null and kind = any ($1::text[])`,
    [kinds],
  );
  return live.map(({ name }) => name).sort();
}
