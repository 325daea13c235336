import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { CONFIG, type Config } from '#libs/config';
import { Database } from '#libs/database';
import { errorFields } from '#libs/kernel';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { SagaRegistry } from '../definition/saga-registry';
import { CLAIM_DUE, READ_LEDGERS, RELEASE_LEASE } from '../run/checkpoint.sql';
import type { LedgerLine, SagaRun } from '../run/saga-run';
import { SagaRunner } from '../run/saga-runner';
import { Leases } from './leases';

/** Sagas that one worker runs at the same time. A waiting saga does not count. */
const MAX_RUNNING = 256;

/**
 * Runs sagas in a worker: claims the runs that are due, whichever worker ran them before, and runs them. A wake-up only makes it claim
 * earlier than its timer would; when all wake-ups are lost it still finds every due run. [SAG-2]
 */
@Injectable()
export class SagaEngine {
  private readonly log = new Logger('Saga');
  /** Informs people who read the leases. The fence is the epoch. */
  private readonly owner = `${hostname()}/${process.pid}/${randomUUID()}`;
  private readonly running = new Set<Promise<void>>();
  private timer: NodeJS.Timeout | undefined;
  private claiming: Promise<void> | undefined;
  private wokenAgain = false;
  private ending = false;

  constructor(
    private readonly database: Database,
    private readonly registry: SagaRegistry,
    private readonly runner: SagaRunner,
    private readonly leases: Leases,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  start(): void {
    this.leases.start();
    this.timer = setInterval(() => this.wake(), this.config.saga.reconcileMs);
    this.wake();
  }

  /** Claims due runs now. All calls during a claim together cause one further claim. */
  wake(): void {
    if (this.ending) return;
    if (this.claiming) {
      this.wokenAgain = true;
      return;
    }
    this.claiming = this.claimAll()
      .catch((error: unknown) => this.log.warn({ event: 'saga_claim_failed', ...errorFields(error) }))
      .finally(() => {
        this.claiming = undefined;
        if (!this.wokenAgain) return;
        this.wokenAgain = false;
        this.wake();
      });
  }

  /** Claims no further run. Running sagas continue to their next checkpoint and are handed back. Resolves when none is left. */
  async drain(): Promise<void> {
    this.ending = true;
    clearInterval(this.timer);
    await this.claiming; // runs that this claim still returns are handed back at their first checkpoint
    while (this.running.size > 0) await Promise.allSettled(this.running);
    this.leases.stop();
  }

  /** Interrupts the sagas that still run when the time for the shutdown is over. Their leases lapse, and other workers continue them. */
  abandon(): void {
    this.leases.abandonAll();
  }

  private async claimAll(): Promise<void> {
    for (;;) {
      const free = MAX_RUNNING - this.running.size;
      if (free <= 0 || this.ending) return;
      const { kinds, steps } = this.registry.known();
      const claimed = await this.database.prepared<Omit<SagaRun, 'ledger'>>('saga_claim_due', CLAIM_DUE, [
        free,
        this.config.saga.leaseMs,
        this.owner,
        kinds,
        steps,
      ]);
      if (claimed.length === 0) return;
      const ledgers = await this.readLedgers(claimed);
      for (const run of claimed) {
        if (this.ending) await this.database.query(RELEASE_LEASE, [run.id, run.epoch]);
        else this.startRun({ ...run, ledger: ledgers.get(run.id) ?? [] });
      }
      if (claimed.length < free) return;
    }
  }

  private async readLedgers(claimed: readonly { readonly id: string }[]): Promise<Map<string, LedgerLine[]>> {
    const ids = claimed.map(({ id }) => id);
    const rows = await this.database.prepared<LedgerLine & { saga_id: string }>('saga_read_ledgers', READ_LEDGERS, [ids]);
    const ledgers = new Map<string, LedgerLine[]>();
    for (const { saga_id: id, ...line } of rows) ledgers.set(id, [...(ledgers.get(id) ?? []), line]);
    return ledgers;
  }

  private startRun(run: SagaRun): void {
    const lost = this.leases.track(run);
    const work = this.runner
      .run(run, { lost, ending: () => this.ending })
      .catch((error: unknown) => this.logInterruption(run, error))
      .finally(() => {
        this.leases.untrack(run);
        const wasFull = this.running.size >= MAX_RUNNING;
        this.running.delete(work);
        if (wasFull) this.wake();
      });
    this.running.add(work);
  }

  /** The lease of an interrupted run lapses; then this or another worker claims it again. */
  private logInterruption({ id, kind }: SagaRun, error: unknown): void {
    const line = { event: 'saga_run_interrupted', saga_id: id, kind, ...errorFields(error) };
    if (line.code === 'internal') this.log.error(line, error instanceof Error ? error.stack : undefined);
    else this.log.warn(line);
  }
}
