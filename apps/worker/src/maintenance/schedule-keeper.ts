import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { CONFIG, type Config } from '#libs/config';
import { DueSweeps, SWEEPS } from '#libs/inventory';
import { Enqueuer, Schedules } from '#libs/queues';
import { PeriodicTask } from '#libs/runtime';
import { BillingJobs } from '../jobs/billing.processor';
import { MeteringJobs } from '../jobs/metering.processor';
import { RETIRED, TIMETABLE } from '../jobs/timetable';

/** After a failed run the next one follows soon, so that work resumes within 15 s after database and queues are back. [OPS-3] */
const AFTER_FAILURE_MS = 5_000;

/**
 * Runs at boot and every 30 s in each worker with `SCHEDULES=on`. It restores schedules that were lost [OPS-4] and enqueues sweeps,
 * billing jobs and documents that are due although no job is enqueued for them. A worker without a provider token has nothing to sweep,
 * so it leaves the schedules to workers that have one.
 */
@Injectable()
export class ScheduleKeeper implements OnModuleDestroy {
  private readonly log = new Logger('Schedules');
  private task: PeriodicTask | undefined;

  constructor(
    private readonly schedules: Schedules,
    private readonly due: DueSweeps,
    private readonly billing: BillingJobs,
    private readonly metering: MeteringJobs,
    private readonly enqueuer: Enqueuer,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  start(): void {
    if (!this.config.worker.schedules) return;
    this.task = PeriodicTask.start({
      name: 'schedule_update',
      context: 'Schedules',
      everyMs: this.config.queues.repairMs,
      afterFailureMs: AFTER_FAILURE_MS,
      atOnce: true,
      run: () => this.updateSchedules(),
    });
  }

  /** Waits for the current run, because the connections that it uses are closed later. */
  async onModuleDestroy(): Promise<void> {
    await this.task?.stop();
  }

  private async updateSchedules(): Promise<void> {
    await this.metering.enqueueDueJobs();
    if (!this.config.provider.token) return;
    const { restored, removed } = await this.schedules.ensure(TIMETABLE, RETIRED);
    if (restored.length > 0 || removed.length > 0) this.log.log({ event: 'schedules_updated', restored, removed });
    await this.billing.enqueueDueJobs();
    for (const { kind, trigger } of await this.due.find({ ticksLost: restored.length > 0 })) {
      const queue = SWEEPS.find((sweep) => sweep.kind === kind)?.sync.queue;
      if (queue) await this.enqueuer.sweep({ queue, kind, trigger });
    }
  }
}
