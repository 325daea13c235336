import { Inject, Injectable, Logger } from '@nestjs/common';
import { BoundProvider } from '#libs/accounts';
import { Catalog } from '#libs/catalog';
import { CONFIG, type Config } from '#libs/config';
import { DigitalOcean } from '#libs/digitalocean';
import { errorFields } from '#libs/kernel';
import { Reaper } from '#libs/provisioning';
import { PeriodicTask } from '#libs/runtime';
import { SagaApprovals, SagaStarter, StepOutputs } from '#libs/saga';

/** Prices and offers change a few times a year. */
const CATALOG_AGE_MS = 6 * 3_600_000;

/**
 * Periodic saga maintenance by whichever worker gets to it first: late provider effects, the size catalog, expired idempotency keys, starts
 * without a decision.
 * Failures are logged and retried on the next run.
 */
@Injectable()
export class SagaMaintenance {
  private readonly log = new Logger('SagaMaintenance');
  private task: PeriodicTask | undefined;
  private ended = false;

  constructor(
    private readonly reaper: Reaper,
    private readonly catalog: Catalog,
    private readonly sagas: SagaStarter,
    private readonly approvals: SagaApprovals,
    private readonly outputs: StepOutputs,
    private readonly provider: DigitalOcean,
    private readonly bound: BoundProvider,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** False while it is unknown whether the database was restored from a backup. No saga may run until it is known. */
  async checkForRestore(): Promise<boolean> {
    let knowledge = 'unknown';
    await this.attempt('restore', async () => (knowledge = await this.reaper.noticeRestore()));
    return knowledge !== 'unknown';
  }

  start(): void {
    const everyMs = this.config.saga.reaperPeriodMs;
    this.task = PeriodicTask.start({ name: 'maintenance', context: 'SagaMaintenance', everyMs, atOnce: true, run: () => this.run() });
  }

  /** Does not wait for the current run, which may wait for a permit of the rate limiter. Another worker's next run completes the work. */
  stop(): void {
    this.ended = true;
    void this.task?.stop();
  }

  private async run(): Promise<void> {
    await this.attempt('keys', () => this.sagas.forgetOldKeys());
    await this.attempt('approvals', () => this.approvals.rejectExpired());
    await this.attempt('outputs', () => this.outputs.rejectExpired());
    if (!this.provider.configured) return;
    await this.attempt('reaper', () => this.reaper.round());
    await this.attempt('catalogue', () => this.refreshCatalog());
  }

  private async refreshCatalog(): Promise<void> {
    const { purpose, fingerprint } = await this.bound.token('provisioning');
    await this.catalog.refreshIfOlderThan(CATALOG_AGE_MS, purpose, fingerprint);
  }

  private async attempt(what: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!this.ended) this.log.warn({ event: 'maintenance_failed', what, ...errorFields(error) });
    }
  }
}
