import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { SeededRandom } from '../../support/seeded-random';
import type { BackendKind } from '../../support/queue-world';
import type { WholeWorld } from './whole-world';
import { until } from '../../support/until';

/** This exceeds every lease, so that other workers continue the work of a frozen worker before it resumes. */
const FREEZE_MS = 4_000;
const SHORT_FREEZE_MS = 1_500;
const AWAY_MS = 1_000;
/** The longest wait of the next fault for requests that succeed. */
const LONGEST_RECOVERY_MS = 60_000;
/** So many requests succeed between two faults. On a slow machine the system would else never be up before the next one. */
const SUCCESSES_BETWEEN = 2;
/** A request that has been repeated for longer gets through before the next fault, also on a slow machine. */
const PATIENCE_MS = 20_000;

const ANYWHERE = [
  'kill -9 of a worker',
  'freeze of a worker',
  'restart of PostgreSQL',
  'kill -9 of the api',
  'lost queues',
  'cut lines to PostgreSQL',
  'freeze of the api',
  'crash of PostgreSQL',
] as const;
const ON_REDIS = ['restart of Redis'] as const;

export type OuterFault = (typeof ANYWHERE)[number] | (typeof ON_REDIS)[number];

/** Faults of processes, the database and the queues. Each fires once in a seeded order, then by chance. */
export class OuterFaults {
  /** The number of times each fault fired. */
  readonly fired: Partial<Record<OuterFault, number>> = {};
  readonly planned: readonly OuterFault[];

  constructor(
    private readonly world: WholeWorld,
    private readonly random: SeededRandom,
    backend: BackendKind,
  ) {
    const all: OuterFault[] = [...ANYWHERE, ...(backend === 'redis' ? ON_REDIS : [])];
    this.planned = all.map((fault) => ({ fault, at: random.next() })).toSorted((a, b) => a.at - b.at).map(({ fault }) => fault); // prettier-ignore
  }

  get allFired(): boolean {
    return this.planned.every((fault) => (this.fired[fault] ?? 0) > 0);
  }

  async play(over: AbortSignal, pauseMs: number): Promise<void> {
    for (let nth = 0; !over.aborted; nth += 1) {
      const fault = this.planned[nth] ?? this.random.pick(this.planned);
      await this.inject(fault);
      this.fired[fault] = (this.fired[fault] ?? 0) + 1;
      await sleep(pauseMs + this.random.below(pauseMs), undefined, { signal: over }).catch(() => undefined);
      await this.recovered(over);
    }
  }

  private async recovered(over: AbortSignal): Promise<void> {
    const { client } = this.world;
    const [enough, end] = [client.succeeded + SUCCESSES_BETWEEN, performance.now() + LONGEST_RECOVERY_MS];
    const isHeldUp = () => client.succeeded < enough || client.longestInsistingMs > PATIENCE_MS;
    while (!over.aborted && isHeldUp() && performance.now() < end) await sleep(50);
  }

  private async inject(fault: OuterFault): Promise<void> {
    const { fleet, server, line } = this.world;
    switch (fault) {
      case 'kill -9 of a worker':
        return fleet.killWorker(this.random.below(fleet.workers.length));
      case 'kill -9 of the api':
        return fleet.killApi();
      case 'freeze of a worker':
        return freeze(this.random.pick(fleet.workers), FREEZE_MS);
      case 'freeze of the api':
        return freeze(fleet.api, SHORT_FREEZE_MS);
      case 'restart of PostgreSQL':
        await server.stop();
        return server.revive();
      case 'crash of PostgreSQL':
        process.kill(server.pid, 'SIGQUIT'); // SIGQUIT is an immediate shutdown: PostgreSQL finishes nothing and replays its journal at the next start.
        await until(() => !server.isRunning(), { what: 'the end of PostgreSQL' });
        return server.revive();
      case 'cut lines to PostgreSQL':
        line.cut();
        await sleep(AWAY_MS); // the length of the fault
        return line.restore();
      case 'lost queues':
        return this.loseQueues();
      case 'restart of Redis':
        return this.world.queues.restartRedis(() => sleep(AWAY_MS));
    }
  }

  /** Scans the queues for secrets before their data are deleted. */
  private async loseQueues(): Promise<void> {
    const { queues, secrets } = this.world;
    await queues.scanForSecrets(secrets, (text) => this.world.query<{ text: string }>(text));
    const owner = new Client({ connectionString: this.world.ownerUrl });
    await owner.connect();
    try {
      // Until the workers that the faults before have stopped have filled them again, the queues may be empty.
      await until(async () => (await queues.lose(owner)) > 0, {
        what: 'queues with something that can be lost',
        withinMs: LONGEST_RECOVERY_MS,
      });
    } finally {
      await owner.end();
    }
  }
}

async function freeze(process: { freeze(): void; thaw(): void }, ms: number): Promise<void> {
  process.freeze();
  await sleep(ms); // the length of the fault
  process.thaw();
}
