import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { CONFIG, type Config } from '#libs/config';
import { Database } from '#libs/database';
import { errorCode } from '#libs/kernel';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { SagaRegistry } from '../definition/saga-registry';
import { CLAIM_DUE, HAND_BACK, READ_LEDGERS } from '../run/boundary.sql';
import { SagaRunner } from '../run/saga-runner';
import type { LedgerLine, SagaRun } from '../run/saga-run';
import { Leases } from './leases';

/** Runs in work at once in one worker. A waiting run is none of them. */
const MOST_AT_ONCE = 256;

/**
 * One worker's share of the sagas: claims what is due, whoever left it, and runs it. A doorbell (`wake`) only makes it look sooner than its
 * timer would; with all doorbells lost it still finds everything (SAG-2).
 */
@Injectable()
export class SagaEngine {
  private readonly log = new Logger('Saga');
  /** For whoever looks at a lease; what fences is the epoch. */
  private readonly owner = `${hostname()}/${process.pid}/${randomUUID()}`;
  private readonly inWork = new Set<Promise<void>>();
  private timer: NodeJS.Timeout | undefined;
  private claiming: Promise<void> | undefined;
  private askedAgain = false;
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

  /** Looks for due runs now. Any number of calls while it looks have the effect of one more look. */
  wake(): void {
    if (this.ending) return;
    if (this.claiming) {
      this.askedAgain = true;
      return;
    }
    this.claiming = this.claimAll()
      .catch((error: unknown) => this.log.warn({ event: 'sagas_not_claimed', code: errorCode(error) }))
      .finally(() => {
        this.claiming = undefined;
        if (!this.askedAgain) return;
        this.askedAgain = false;
        this.wake();
      });
  }

  /** Takes nothing new; runs in work go on to their next boundary and are handed back. Resolves when none is left. */
  async drain(): Promise<void> {
    this.ending = true;
    clearInterval(this.timer);
    await this.claiming; // what it still brings is handed back at its first boundary
    while (this.inWork.size > 0) await Promise.allSettled(this.inWork);
    this.leases.stop();
  }

  /** The time for boundaries is over: what is still in work is left; its leases lapse and others go on. */
  abandon(): void {
    this.leases.loseAll();
  }

  private async claimAll(): Promise<void> {
    for (;;) {
      const free = MOST_AT_ONCE - this.inWork.size;
      if (free <= 0 || this.ending) return;
      const { kinds, steps } = this.registry.known();
      const claimed = await this.database.query<Omit<SagaRun, 'ledger'>>(CLAIM_DUE, [
        free,
        this.config.saga.leaseMs,
        this.owner,
        kinds,
        steps,
      ]);
      if (claimed.length === 0) return;
      const ledgers = await this.ledgersOf(claimed);
      for (const run of claimed) {
        if (this.ending) await this.database.query(HAND_BACK, [run.id, run.epoch]);
        else this.take({ ...run, ledger: ledgers.get(run.id) ?? [] });
      }
      if (claimed.length < free) return;
    }
  }

  private async ledgersOf(claimed: readonly { readonly id: string }[]): Promise<Map<string, LedgerLine[]>> {
    const rows = await this.database.query<LedgerLine & { saga_id: string }>(READ_LEDGERS, [claimed.map(({ id }) => id)]);
    const ledgers = new Map<string, LedgerLine[]>();
    for (const { saga_id: id, ...line } of rows) ledgers.set(id, [...(ledgers.get(id) ?? []), line]);
    return ledgers;
  }

  private take(run: SagaRun): void {
    const lost = this.leases.hold(run);
    const work = this.runner
      .run(run, { lost, ending: () => this.ending })
      .catch((error: unknown) => this.left(run, error))
      .finally(() => {
        this.leases.release(run);
        const wasFull = this.inWork.size >= MOST_AT_ONCE;
        this.inWork.delete(work);
        if (wasFull) this.wake();
      });
    this.inWork.add(work);
  }

  /** Its lease lapses; then it is claimed again, here or elsewhere. */
  private left({ id, kind }: SagaRun, error: unknown): void {
    const code = errorCode(error);
    const line = { event: 'saga_left', saga_id: id, kind, code };
    if (code === 'internal') this.log.error(line, error instanceof Error ? error.stack : undefined);
    else this.log.warn(line);
  }
}
