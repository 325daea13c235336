import { ONE_BACKEND } from '../../support/queue-world';
import { SAGA_KINDS } from './saga-starts';
import { WholeRun } from './whole-run';
import { WholeWorld } from './whole-world';

/** The minimum duration of load and faults. Afterwards the system settles. */
const SECONDS = Number(process.env.CHAOS_SECONDS ?? (process.env.TEST_LONG ? 600 : 30));
const SEED = Number(process.env.CHAOS_SEED ?? Date.now() % 1_000_000);
/** Memory that grows after the warm-up is a leak. Only processes that ran long enough are judged. */
const MEMORY = { knownAfterS: 150, mostGrowth: 1.35 };
describe.each(ONE_BACKEND)(`everything under every fault for ${SECONDS} s, queues on %s (seed ${SEED})`, (backend) => {
  let world: WholeWorld;
  let run: WholeRun;
  beforeAll(
    async () => {
      console.log(`chaos of the whole on ${backend}: CHAOS_SEED=${SEED} CHAOS_SECONDS=${SECONDS}`);
      world = await WholeWorld.create(backend, SEED);
      run = await WholeRun.prepare(world, backend, SEED);
      await run.go(SECONDS);
      await run.settle();
    },
    SECONDS * 1_000 + 1_300_000,
  );
  afterAll(() => world.end());

  const sagaEnds = () => tally(run.runs.map(({ kind, status }) => `${kind} ${status}`));
  const sweepEnds = async () =>
    tally((await world.query<{ status: string }>('select status from cloud_sweeps')).map(({ status }) => status));

  it('fires every planned fault and completes work of every sort under faults', async () => {
    const [sagas, sweeps, { fired, reads }] = [sagaEnds(), await sweepEnds(), run];
    const { waits } = run.end;
    const figures = {
      took: run.took,
      last: run.lastFault,
      waits,
      fired,
      sagas,
      sweeps,
      reads: reads.reads,
      detections: run.sweeps.detections,
    };
    console.log(`chaos of the whole on ${backend}: ${JSON.stringify({ ...figures, answers: world.client.statuses, memory: world.fleet.memoryOfSurvivors() })}`); // prettier-ignore
    expect(run.outer.planned.filter((fault) => !fired[fault])).toEqual([]);
    expect(Object.entries(fired).filter(([, times]) => times === 0)).toEqual([]);
    expect(Object.keys(fired).length).toBeGreaterThan(run.outer.planned.length + 25);
    expect(SAGA_KINDS.filter((kind) => !sagas[`${kind} completed`])).toEqual([]);
    expect(sagas['provision_droplet rolled_back']).toBeGreaterThan(0);
    expect(sweeps.complete).toBeGreaterThan(20);
    expect(sweeps.incomplete).toBeGreaterThan(0);
    expect(sweeps.suspect).toBeGreaterThan(0);
    expect(run.sweeps.detections).toBeGreaterThan(1);
    expect(run.world.fleet.clocksOff).toBeGreaterThan(1);
    expect(reads.reads).toEqual({ tenant: expect.any(Number) as number, rows: expect.any(Number) as number, admin: expect.any(Number) as number }); // prettier-ignore
    expect(Math.min(reads.reads.tenant, reads.reads.admin)).toBeGreaterThan(10);
  });

  it('brings every accepted saga to its end exactly once and releases every hold [SAG-1 to SAG-4]', async () => {
    expect(run.runs.filter(({ status }) => status !== 'completed' && status !== 'rolled_back')).toEqual([]);
    expect(run.runs.map(({ id }) => id).sort()).toEqual([...run.sagas.accepted.keys()].sort());
    expect(await world.query('select resource from saga_holds')).toEqual([]);
  });

  it('leaves at the provider exactly what the sagas record, without orphans and duplicates [SAG-5 to SAG-9, SAG-14]', async () => {
    expect(await run.living()).toEqual(run.expected);
    expect(run.expected.length).toBeGreaterThan(0);
    expect(await world.query(`select provider_id from cloud_strays where reason = 'unknown_saga'`)).toEqual([]);
  });

  it('holds the provider’s list in the inventory after a sweep of each kind, and never deleted an existing resource [INV-1, INV-3 to INV-5]', async () => {
    expect(await run.end.inventoryDifferences()).toEqual({});
    expect(await run.end.wronglyDeleted()).toEqual([]);
  });

  it('reports drift for exactly those droplets that were renamed outside the product [DRF-1]', async () => {
    const drifts = [...run.sweeps.renamed].map(([provider_id, actual]) => ({ provider_id, field: 'name', actual }));
    expect(drifts.length).toBeGreaterThan(0);
    expect(await run.end.openDrifts()).toEqual(drifts.toSorted((a, b) => (a.provider_id < b.provider_id ? -1 : 1)));
  });

  it('ingests every invoice completely and reconciles it or stores the exact difference [BIL-2, BIL-3, BIL-5]', async () => {
    expect(await world.query('select 1 from cloud_invoices')).toHaveLength(24);
    expect(await run.end.invoicesThatDoNotAddUp()).toEqual([]);
  });

  it('stores in finance exactly one invoice for each reconciled one, exact to the cent [BIL-8]', async () => {
    const { stored, expected } = await run.end.books();
    expect(expected.length).toBeGreaterThan(20);
    expect(stored).toEqual(expected);
  });

  it('never returns rows of another tenant, and returns no 500 for any request [TEN-3, TEN-5]', () => {
    expect(run.reads.reads.rows).toBeGreaterThan(100);
    expect(run.reads.foreign).toEqual([]);
    expect(world.client.inexcusable).toEqual([]);
  });

  it('verifies the audit chain without findings [INV-14, OPS-9]', async () => {
    const { findings, rows, links } = await run.end.verified();
    console.log(`chaos of the whole on ${backend}: ${rows} rows and ${links} links verified`);
    expect(findings).toEqual([]);
    expect(rows).toBeGreaterThan(100);
  });

  it('writes no planted secret to an output, a job or a response [TEN-8]', async () => {
    await world.queues.scanForSecrets(world.secrets, (text) => world.query<{ text: string }>(text));
    for (const process of world.fleet.all) world.secrets.scan('output of a process', process.output);
    expect(world.secrets.scannedChars).toBeGreaterThan(100_000);
    expect([...world.secrets.found]).toEqual([]);
  });

  it('has no process that ended by itself or leaks memory, and all exit with 0 on SIGTERM [OPS-3, OPS-6]', async () => {
    const longLived = world.fleet.memoryOfSurvivors().filter(({ seconds }) => seconds > MEMORY.knownAfterS);
    expect(longLived.filter(({ earlyMb, lateMb }) => lateMb > earlyMb * MEMORY.mostGrowth)).toEqual([]);
    expect(world.fleet.endedByThemselves()).toEqual([]);
    expect(await world.fleet.endInOrder()).toEqual([0, 0, 0, 0]);
  });
});

function tally(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}
