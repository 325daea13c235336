import { setTimeout as sleep } from 'node:timers/promises';
import { SeededRandom } from '../../support/seeded-random';
import type { BackendKind } from '../../support/queue-world';
import { until } from '../../support/until';
import { CostLoad } from './cost-load';
import { DnsLoad } from './dns-load';
import { DropletLoad } from './droplet-load';
import { EndState } from './end-state';
import { OuterFaults } from './outer-faults';
import { ProviderFaults } from './provider-faults';
import { ReadLoad } from './read-load';
import { SagaStarts, type Run } from './saga-starts';
import { SweepLoad } from './sweep-load';
import { accountedFor, made, ownersOf } from './expected-state';
import { WholeWorld } from './whole-world';

/** The maximum time for which the load continues until the remaining faults have fired. */
const LAST_FAULTS_MS = 720_000;
const DROPLET_CLIENTS = 3;

/** Load and faults on a whole system, with their results. */
export class WholeRun {
  readonly end: EndState;
  /** The number of times each fault fired. */
  fired: Record<string, number> = {};
  /** The sagas after their end. */
  runs: readonly Run[] = [];
  /** The resources that our sagas created according to their records. */
  expected: readonly string[] = [];
  /** The duration of each phase in ms. */
  readonly took = { load: 0, settling: 0 };

  private constructor(
    readonly world: WholeWorld,
    readonly sagas: SagaStarts,
    readonly sweeps: SweepLoad,
    readonly costs: CostLoad,
    readonly reads: ReadLoad,
    readonly outer: OuterFaults,
    private readonly droplets: DropletLoad,
    private readonly dns: DnsLoad,
    private readonly provider: ProviderFaults,
    /** Droplets that existed before the load. */
    private readonly beforehand: ReadonlySet<string>,
  ) {
    this.end = new EndState(world);
  }

  /** Waits until projects, zones and droplets were swept, because orders refer to them. */
  static async prepare(world: WholeWorld, backend: BackendKind, seed: number): Promise<WholeRun> {
    await until(async () => (await world.query(KNOWN)).length === 3, { withinMs: 60_000, what: 'projects, zones and droplets' });
    const before = await world.simulator.account();
    const [random, sagas] = [new SeededRandom(seed), new SagaStarts(world, seed)];
    return new WholeRun(
      world,
      sagas,
      new SweepLoad(world),
      new CostLoad(world, random),
      new ReadLoad(world, random, ownersOf(before)),
      new OuterFaults(world, new SeededRandom(seed), backend),
      new DropletLoad(world, random, sagas),
      new DnsLoad(world, random, sagas),
      new ProviderFaults(world),
      new Set(before.droplets.map(({ id }) => String(id))),
    );
  }

  /** Runs for at least this long, and until every fault has fired and every kind of work was done. */
  async go(seconds: number): Promise<void> {
    const from = performance.now();
    const [noMoreLoad, noMoreFaults] = [new AbortController(), new AbortController()];
    const load = this.load(noMoreLoad.signal, seconds);
    const faults = [this.provider.play(noMoreFaults.signal), this.outer.play(noMoreFaults.signal, Math.max(400, seconds * 15))];
    const lasted = sleep(seconds * 1_000)
      .then(() => until(() => this.enoughHappened(), { withinMs: LAST_FAULTS_MS, what: 'every fault, and work of every kind' }))
      .catch((error: unknown) => {
        const missing = this.outer.planned.filter((fault) => !this.outer.fired[fault]);
        const { roundsDone, last } = this.provider;
        throw new Error(`${String(error)}: ${JSON.stringify({ missing, roundsDone, last })}`, { cause: error });
      });
    await Promise.race([lasted, Promise.all([...load, ...faults])]); // An error in one of them ends the run.
    noMoreFaults.abort();
    await Promise.all(faults);
    this.fired = { ...this.outer.fired, ...(await this.provider.end()) };
    noMoreLoad.abort();
    await Promise.all(load);
    this.took.load = Math.round(performance.now() - from);
  }

  /** Waits for changes that must happen without intervention after the faults ended. */
  async settle(): Promise<void> {
    const from = performance.now();
    const { end, world } = this;
    await world.fleet.ready();
    await end.sagasEnded();
    this.runs = await this.sagas.runs();
    this.expected = accountedFor(this.runs, this.dns.expected);
    await end.eventually('no late write in flight', async () =>
      (await world.simulator.account()).pending.every(({ type }) => type !== 'late_request'),
    );
    await end.eventually('the provider matches the sagas', async () => JSON.stringify(await this.living()) === JSON.stringify(this.expected)); // prettier-ignore
    await end.eventually('an inventory that matches the provider', async () => {
      await end.sweptOnceMore();
      return Object.keys(await end.inventoryDifferences()).length === 0;
    });
    await end.costsSettled(this.costs);
    await end.eventually('a last detection', () => this.sweeps.detect());
    this.took.settling = Math.round(performance.now() - from);
  }

  /** The resources that our sagas created according to the provider. */
  async living(): Promise<string[]> {
    return made(await this.world.simulator.account(), this.beforehand);
  }

  /** The faults for which the first round had to wait. */
  get lastFault(): string {
    return this.provider.last.join(', ');
  }

  private load(over: AbortSignal, seconds: number): Promise<void>[] {
    return [
      ...Array.from({ length: DROPLET_CLIENTS }, () => this.droplets.client(over)),
      this.dns.client(over),
      this.sweeps.admin(over),
      this.sweeps.stranger(over, seconds * 100),
      this.costs.provider(over),
      this.reads.tenant(over),
      this.reads.admin(over),
    ];
  }

  private async enoughHappened(): Promise<boolean> {
    return this.outer.allFired && this.provider.roundsDone > 0 && (await this.sagas.everyKindWorked());
  }
}

const KNOWN = `select distinct kind from cloud_sweeps where status = 'complete' and kind in ('project', 'dns_zone', 'droplet')`;
