import { setMaxListeners } from 'node:events';
import { Injectable, Logger } from '@nestjs/common';
import { UnrecoverableError, type Job } from 'bullmq';
import { errorFields, isRetryable } from '#libs/kernel';
import { counter, inSpan, redact, withLogFields } from '#libs/observability';
import { ReadPostponedError } from '#libs/provider-billing';
import { QUEUE_NAMES, traceOf } from '#libs/queues';

/** In characters. */
const LONGEST_DETAIL = 300;
const log = new Logger('Jobs');
const givenUp = counter(
  'arcadia_jobs_given_up_total',
  'Jobs that failed for good: their error is not retryable, or their attempts are used up',
  ['queue'],
  QUEUE_NAMES.map((queue) => ({ queue })),
);

/** Makes BullMQ retry the job. Messages and stacks of drivers are not stored, because they may contain secrets. */
class RetryableJobError extends Error {}

type RunnableJob = Pick<Job, 'id' | 'queueName' | 'attemptsMade'> & Partial<Pick<Job, 'name' | 'opts'>>;

/**
 * The only place that decides what follows a job's failure. Failures that pass by themselves are retried until the attempts are used up, all
 * others are final, and unexpected errors are logged with their stack. A reading that the schedule repeats is final for the queue, but not
 * given up: the line has the time of its next attempt. The queue's storage gets code and message of an expected failure, which the API may
 * return too, and of any other only `internal`. [TEN-8]
 */
export function runJob<T>(job: RunnableJob, work: () => Promise<T>): Promise<T> {
  return withLogFields({ job_id: job.id }, async () => {
    try {
      return await inSpan(spanOf(job), work);
    } catch (error) {
      const attempts = job.opts?.attempts ?? 1;
      const attempt = job.attemptsMade + 1;
      const again = isRetryable(error) && attempt < attempts;
      const line = { event: 'job_failed', queue: job.queueName, job: job.name, ...errorFields(error), attempt, attempts, again };
      if (line.code === 'internal') log.error(line, error instanceof Error ? error.stack : undefined);
      else log.warn(line);
      if (!again && !(error instanceof ReadPostponedError)) givenUp.inc({ queue: job.queueName });
      const stored = storedReason(line);
      throw again ? new RetryableJobError(stored) : new UnrecoverableError(stored);
    }
  });
}

/** One line, bounded: a provider's explanation may be a part of the message. [OPS-10] */
function storedReason({ code, detail }: { readonly code: string; readonly detail?: string }): string {
  if (detail === undefined) return code;
  return `${code}: ${redact(detail)
    .replaceAll(/\p{Cc}+/gu, ' ')
    .slice(0, LONGEST_DETAIL)}`;
}

/** The span belongs to the trace of the request that enqueued the job. A job of a schedule begins a trace of its own. */
function spanOf(job: RunnableJob) {
  const attributes = { 'messaging.destination.name': job.queueName, job_id: job.id, attempt: job.attemptsMade + 1 };
  return { name: `job ${job.name ?? job.queueName}`, kind: 'consumer', attributes, parent: traceOf(job) ?? '' } as const;
}

/** Aborted when the time to finish current work is over. Work that still runs then hands its job or saga back. */
@Injectable()
export class StopSignal {
  private readonly controller = new AbortController();
  readonly signal = this.controller.signal;

  constructor() {
    setMaxListeners(0, this.signal); // one for each call that runs, which takes it away at its end
  }

  abort(): void {
    this.controller.abort();
  }
}
