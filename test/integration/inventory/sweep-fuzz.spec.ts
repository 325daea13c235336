import { SeededRandom } from '../../support/seeded-random';
import type { FaultRule, SimulatedDroplet } from '../../support/simulator-client';
import { ADMIN } from '../../support/principals';
import { newWorld, type World } from '../../support/inventory-world';

const SWEEPS = Number(process.env.FUZZ_SWEEPS ?? (process.env.TEST_LONG ? 1_000 : 30));
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);

const LIST = { path: '/v2/droplets' };
type Fault = (random: SeededRandom) => Omit<FaultRule, 'id'>;

/** Faults of a sweep. Every fault must fire at least once, or the run proves nothing. */
const FAULTS: Record<string, Fault> = {
  'html error': (random) => ({ match: { ...LIST, nth: 1 + random.below(3) }, effect: { type: 'status', status: 524, body: 'html' } }),
  'server error': (random) => ({ match: LIST, times: 1 + random.below(4), effect: { type: 'status', status: 500 } }),
  'cut body': (random) => ({ match: { ...LIST, nth: 1 + random.below(2) }, effect: { type: 'truncate' } }),
  'broken connection': (random) => ({ match: { ...LIST, nth: 1 + random.below(2) }, effect: { type: 'reset' } }),
  'empty list': () => ({ match: LIST, effect: { type: 'hide' } }),
  'half a list': (random) => ({ match: LIST, effect: { type: 'hide', body: { ratio: 0.1 + random.next() * 0.8 } } }),
  'shifting page': () => ({ match: { ...LIST, query: { page: '2' } }, times: 1, effect: { type: 'page_shift' } }),
  'other account': () => ({ match: { path: '/v2/*' }, effect: { type: 'other_account' } }),
  'other notation': () => ({ match: LIST, effect: { type: 'respell' } }),
  'page missing': () => ({ match: { ...LIST, query: { page: '2' } }, effect: { type: 'status', status: 404 } }),
};

/** The account as it really is, kept beside the simulator to check the inventory against. */
class Truth {
  readonly existing = new Map<number, SimulatedDroplet>();
  private lastId = 570_000_000;

  constructor(private readonly random: SeededRandom) {
    for (let i = 0; i < 230; i += 1) this.create();
  }

  change(): void {
    for (let i = this.random.below(4); i > 0; i -= 1) this.create();
    for (let i = this.random.below(3); i > 0 && this.existing.size > 205; i -= 1)
      this.existing.delete(this.random.pick([...this.existing.keys()]));
    const renamed = this.random.pick([...this.existing.keys()]);
    this.existing.set(renamed, { ...this.existing.get(renamed), id: renamed, name: `renamed-${this.random.below(1_000_000)}` });
  }

  private create(): void {
    this.lastId += 1;
    this.existing.set(this.lastId, { id: this.lastId, name: `host-${this.lastId}` });
  }
}

let world: World;
afterAll(() => world.close());

it(
  `deletes nothing that exists, restores nothing that was deleted, and ends exact after ${SWEEPS} fuzzed sweeps (seed ${SEED}) [INV-3 to INV-8]`,
  async () => {
    console.log(`sweep fuzz: FUZZ_SEED=${SEED} FUZZ_SWEEPS=${SWEEPS}`);
    const random = new SeededRandom(SEED);
    const truth = new Truth(random);
    world = await newWorld({ ACCOUNT_CHECK_MS: '0' }, { empty: true, seed: SEED });
    const fired: Record<string, number> = {};
    const ended: Record<string, number> = {};
    await world.simulator.setDroplets([...truth.existing.values()]);
    expect(await world.sweep('droplet')).toMatchObject({ status: 'complete' });

    for (let round = 0; round < SWEEPS; round += 1) {
      truth.change();
      await world.simulator.setDroplets([...truth.existing.values()]);
      const name =
        round < Object.keys(FAULTS).length ? Object.keys(FAULTS)[round] : random.chance(0.6) ? random.pick(Object.keys(FAULTS)) : undefined;
      await world.simulator.faults(name ? [{ id: name, ...FAULTS[name]?.(random) } as FaultRule] : []);
      const triggers = random.chance(0.2) ? 3 : 1;
      const sweeps = await Promise.all(Array.from({ length: triggers }, () => world.sweep('droplet')));
      for (const { status } of sweeps) ended[status] = (ended[status] ?? 0) + 1;
      if (name) fired[name] = (fired[name] ?? 0) + ((await world.simulator.fired())[name] ?? 0);
      expect(await wrong(truth)).toEqual({ deletedButExisting: [], restoredButDeleted: [] });
    }

    await world.simulator.faults([]);
    for (let sweep = 0; sweep < 5; sweep += 1) {
      const { id, status } = await world.sweep('droplet');
      if (status === 'suspect') await world.sweeps.release(id, ADMIN);
    }
    const rows = await world.database.query<{ id: number; name: string }>(
      `select provider_id::int as id, name from cloud_resources where kind = 'droplet' and deleted_at is null order by 1`,
    );
    expect(rows).toEqual([...truth.existing.values()].map(({ id, name }) => ({ id, name })).sort((a, b) => Number(a.id) - Number(b.id)));
    console.log(`sweep fuzz: ${JSON.stringify({ ended, fired })}`);
    expect(Object.keys(FAULTS).filter((name) => !fired[name])).toEqual([]);
    expect(ended).toMatchObject({
      complete: expect.any(Number) as number,
      incomplete: expect.any(Number) as number,
      suspect: expect.any(Number) as number,
    });
  },
  60_000 + SWEEPS * 1_500,
);

async function wrong(truth: Truth): Promise<{ deletedButExisting: string[]; restoredButDeleted: string[] }> {
  const deleted = await world.database.query<{ provider_id: string }>(
    `select provider_id from cloud_resources where deleted_at is not null`,
  );
  const restored = await world.database.query<{ provider_id: string }>(
    `select r.provider_id from cloud_resource_events e join cloud_resources r on r.id = e.resource_id where e.type = 'restored'`,
  );
  return {
    deletedButExisting: deleted.filter((row) => truth.existing.has(Number(row.provider_id))).map((row) => row.provider_id),
    restoredButDeleted: restored.filter((row) => !truth.existing.has(Number(row.provider_id))).map((row) => row.provider_id),
  };
}
