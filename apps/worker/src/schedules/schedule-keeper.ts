import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { CONFIG, type Config } from '#libs/config';
import { DueSweeps, SWEEPS } from '#libs/inventory';
import { errorCode } from '#libs/kernel';
import { Enqueuer, Schedules } from '#libs/queues';
import { BillingJobs } from '../jobs/billing-jobs';
import { RETIRED, TIMETABLE } from './timetable';

/** After a failed round the next one comes soon: work resumes within 15 s of the return of what was away (OPS-3). */
const AFTER_FAILURE_MS = 5_000;

/**
 * At boot and every 30 s, in each worker with `SCHEDULES=on`: puts back schedules that got lost (OPS-4) and asks for sweeps that should
 * be running but nobody started. Without a provider token there is nothing to sweep: it
 * leaves the timetable to those who have one.
 */
@Injectable()
export class ScheduleKeeper implements OnModuleDestroy {
  private readonly log = new Logger('Schedules');
  private timer: NodeJS.Timeout | undefined;
  private current: Promise<void> | undefined;
  private ended = false;

  constructor(
    private readonly schedules: Schedules,
    private readonly due: DueSweeps,
    private readonly billing: BillingJobs,
    private readonly enqueuer: Enqueuer,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  start(): void {
    if (this.config.worker.schedules) this.begin();
  }

  /** A round that has begun is finished first: what it uses is still open. */
  async onModuleDestroy(): Promise<void> {
    this.ended = true;
    clearTimeout(this.timer);
    await this.current;
  }

  private begin(): void {
    this.current = this.round();
  }

  private async round(): Promise<void> {
    const { repairMs } = this.config.queues;
    let nextMs = repairMs;
    try {
      await this.keep();
    } catch (error) {
      nextMs = Math.min(repairMs, AFTER_FAILURE_MS);
      const code = errorCode(error);
      const line = { event: 'schedules_not_kept', code };
      if (code === 'internal') this.log.error(line, error instanceof Error ? error.stack : undefined);
      else this.log.warn(line);
    }
    if (!this.ended) this.timer = setTimeout(() => this.begin(), nextMs);
  }

  private async keep(): Promise<void> {
    if (!this.config.provider.token) return;
    const { restored, removed } = await this.schedules.ensure(TIMETABLE, RETIRED);
    if (restored.length > 0 || removed.length > 0) this.log.log({ event: 'schedules_laid_out', restored, removed });
    await this.billing.askForDue();
    for (const { kind, trigger } of await this.due.find()) {
      const queue = SWEEPS.find((sweep) => sweep.kind === kind)?.sync.queue;
      if (queue) await this.enqueuer.sweep({ queue, kind, trigger });
    }
  }
}
