import { Processor, WorkerHost } from '@nestjs/bullmq';
import { Injectable } from '@nestjs/common';
import type { Job } from 'bullmq';
import { DriftDetectionService, DetectionRunningError, type DetectionReport } from '#libs/drift';
import { isSweepable, SweepService, type SweepStatus } from '#libs/inventory';
import { domainError } from '#libs/kernel';
import { MessageSender, WebhookSender } from '#libs/notifications';
import { withLogFields } from '#libs/observability';
import { Enqueuer, Queues, TickClaims, type JobName, type SweepJob } from '#libs/queues';
import { RequestedMessages } from './requested-messages';
import { runJob, StopSignal } from './run-job';
import { claimTick, isRetry, type JobAttempt } from './timetable';
import { SagaEngine } from '#libs/saga';

/** Stored with a finished job. `not_due`: another job claimed the tick, or a detection was running already. */
export type DriftOutcome = DetectionReport | { readonly status: 'not_due' };

/** Runs drift detections for jobs. A tick of the schedule runs once, by the database's clock. [OPS-7] */
@Injectable()
export class DriftJobs {
  constructor(
    private readonly detection: DriftDetectionService,
    private readonly ticks: TickClaims,
  ) {}

  async run(job: JobAttempt): Promise<DriftOutcome> {
    if (!(await claimTick(this.ticks, job))) return { status: 'not_due' };
    try {
      return await this.detection.run();
    } catch (error) {
      if (error instanceof DetectionRunningError) return { status: 'not_due' };
      throw error;
    }
  }
}

/**
 * A job that was taken over found its kind being swept, most likely by the dead worker before its lease has lapsed. The job is retried, so
 * that the kind does not wait for its next tick. If a living worker runs that sweep, the retries end with its result.
 */
export class SweepStillRunningError extends domainError('sweep_still_running', 'unavailable') {
  constructor(readonly sweepId: string) {
    super(`Sweep ${sweepId} is still running, so no other sweep of its kind can start; the job is tried again`);
  }
}

/** The process ended before the work was complete, so the job is handed back to the queue. */
export class WorkStoppedError extends domainError(
  'work_stopped',
  'unavailable',
  'The worker is ending; another worker takes the job over',
) {}

/** Stored with a finished job. `not_due`: another job claimed the tick, the kind rests, or only another release knows the kind. */
export type SweepOutcome = { readonly status: SweepStatus; readonly sweep_id: string } | { readonly status: 'not_due' };

/** Runs sweeps for jobs. A tick of a schedule runs once, by the database's clock; every other job runs whenever it is enqueued. [OPS-7] */
@Injectable()
export class SweepJobs {
  constructor(
    private readonly sweeps: SweepService,
    private readonly ticks: TickClaims,
    private readonly stop: StopSignal,
    private readonly enqueuer: Enqueuer,
  ) {}

  /**
   * Throws `WorkStoppedError` when the process ended before the sweep did: another worker then takes the job over. Throws
   * `SweepStillRunningError` when the job was taken over before the lease of the dead worker's sweep has lapsed.
   */
  async run(job: Job<SweepJob>): Promise<SweepOutcome> {
    const { kind, trigger } = job.data;
    if (!isSweepable(kind) || !(await this.isDue(job))) return { status: 'not_due' };
    const { signal } = this.stop;
    const sweep = await withLogFields({ kind }, () => this.sweeps.run(kind, { trigger, signal }));
    if (signal.aborted && sweep.status !== 'complete') throw new WorkStoppedError();
    if (sweep.status === 'running' && isRetry(job)) throw new SweepStillRunningError(sweep.id);
    if (sweep.status === 'complete') await this.sweepChildren(kind);
    return { status: sweep.status, sweep_id: sweep.id };
  }

  /** What waits for the first list of its parents is swept at once. A lost request is repeated, as that of every kind that is due. */
  private async sweepChildren(parentKind: string): Promise<void> {
    for (const { kind, sync } of await this.sweeps.waitingForParents(parentKind))
      await this.enqueuer.sweep({ queue: sync.queue, kind, trigger: 'first' }).catch(() => undefined);
  }

  private async isDue(job: Job<SweepJob>): Promise<boolean> {
    const { kind, trigger } = job.data;
    if (trigger !== 'manual' && (await this.sweeps.shouldSkip(kind))) return false;
    return claimTick(this.ticks, job);
  }
}

/** Sweeps the kinds that are due every minute. Two at once, so that the action feed does not wait for the droplets. */
@Processor(Queues.syncFast, { concurrency: 2 })
export class SyncFastProcessor extends WorkerHost {
  constructor(private readonly sweeps: SweepJobs) {
    super();
  }

  process(job: Job<SweepJob>): Promise<SweepOutcome> {
    return runJob(job, () => this.sweeps.run(job));
  }
}

/** Sweeps the kinds that are due every quarter of an hour, and detects drift against their desired state. */
@Processor(Queues.syncFull, { concurrency: 3 })
export class SyncFullProcessor extends WorkerHost {
  constructor(
    private readonly sweeps: SweepJobs,
    private readonly drift: DriftJobs,
  ) {
    super();
  }

  process(job: Job<SweepJob, unknown, JobName>): Promise<SweepOutcome | DriftOutcome> {
    return runJob<SweepOutcome | DriftOutcome>(job, () => (job.name === 'drift' ? this.drift.run(job) : this.sweeps.run(job)));
  }
}

/** Sweeps the kinds that are due every hour. */
@Processor(Queues.syncSlow, { concurrency: 2 })
export class SyncSlowProcessor extends WorkerHost {
  constructor(private readonly sweeps: SweepJobs) {
    super();
  }

  process(job: Job<SweepJob>): Promise<SweepOutcome> {
    return runJob(job, () => this.sweeps.run(job));
  }
}

/** A job is a wake-up: it carries no work. The engine claims the sagas that are due and runs them outside of the job. */
@Processor(Queues.provisioning)
export class ProvisioningProcessor extends WorkerHost {
  constructor(private readonly engine: SagaEngine) {
    super();
  }

  process(job: Job): Promise<void> {
    return runJob(job, async () => this.engine.wake());
  }
}

/**
 * A job is a wake-up: tables list what is due. It ends when nothing is due any more. Webhooks, messages to subscribers and requested messages
 * are jobs of their own that run at the same time: a mail server or a receiver that does not answer delays only its own kind. [WHK-1]
 */
@Processor(Queues.notifications, { concurrency: 3 })
export class NotificationsProcessor extends WorkerHost {
  constructor(
    private readonly webhooks: WebhookSender,
    private readonly messages: MessageSender,
    private readonly requested: RequestedMessages,
    private readonly stop: StopSignal,
  ) {
    super();
  }

  process(job: Job<unknown, unknown, JobName>): Promise<unknown> {
    const { signal } = this.stop;
    return runJob<unknown>(job, () => {
      if (job.name === 'messages') return this.messages.send(signal);
      if (job.name === 'requested-messages') return this.requested.send(signal);
      return this.webhooks.send(signal);
    });
  }
}
