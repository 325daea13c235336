import { Logger } from '@nestjs/common';
import { UnrecoverableError, type Job } from 'bullmq';
import { errorCode, isRetryable } from '#libs/kernel';
import { counter, inSpan, withLogFields } from '#libs/observability';
import { QUEUE_NAMES, traceOf } from '#libs/queues';

const log = new Logger('Jobs');
const givenUp = counter(
  'arcadia_jobs_given_up_total',
  'Jobs that were given up: not worth another try, or tried often enough',
  ['queue'],
  QUEUE_NAMES.map((queue) => ({ queue })),
);

/** Tells BullMQ to try again. Only the code is kept with the job: messages and stacks of drivers may hold what nobody should read. */
class TryAgainError extends Error {}

type SettledJob = Pick<Job, 'id' | 'queueName' | 'attemptsMade'> & Partial<Pick<Job, 'name' | 'opts'>>;

/**
 * The one place where a failure becomes a job's fate: what passes by itself is tried again, everything else is not, and what nobody
 * expected is logged with its stack. The queue's storage gets the stable code, nothing else (TEN-8).
 */
export function runJob<T>(job: SettledJob, work: () => Promise<T>): Promise<T> {
  return withLogFields({ job_id: job.id }, async () => {
    try {
      return await inSpan(spanOf(job), work);
    } catch (error) {
      const code = errorCode(error);
      const again = isRetryable(error);
      const line = { event: 'job_failed', queue: job.queueName, code, attempt: job.attemptsMade + 1, again };
      if (code === 'internal') log.error(line, error instanceof Error ? error.stack : undefined);
      else log.warn(line);
      if (!again || line.attempt >= (job.opts?.attempts ?? 1)) givenUp.inc({ queue: job.queueName });
      throw again ? new TryAgainError(code) : new UnrecoverableError(code);
    }
  });
}

/** Part of the trace of the request that asked for the job; a tick of the timetable begins one. */
function spanOf(job: SettledJob) {
  const attributes = { 'messaging.destination.name': job.queueName, job_id: job.id, attempt: job.attemptsMade + 1 };
  return { name: `job ${job.name ?? job.queueName}`, kind: 'consumer', attributes, parent: traceOf(job) ?? '' } as const;
}
