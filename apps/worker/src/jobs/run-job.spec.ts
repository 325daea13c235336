import { Logger } from '@nestjs/common';
import { UnrecoverableError } from 'bullmq';
import { DomainError, type ErrorCategory } from '#libs/kernel';
import { metricsText } from '#libs/observability';
import { runJob } from './run-job';

class Failure extends DomainError {
  readonly code = 'some_failure';
  constructor(
    readonly category: ErrorCategory,
    message = 'a message',
  ) {
    super(message);
  }
}

const job = { id: '1', queueName: 'sync-fast', attemptsMade: 0 };

async function failureOf(failure: unknown): Promise<Error> {
  try {
    await runJob(job, async () => {
      throw failure;
    });
  } catch (failed) {
    return failed as Error;
  }
  throw new Error('the job did not fail');
}

describe('a job', () => {
  beforeEach(() => Logger.overrideLogger(false));

  it('returns the result of its work', async () => {
    await expect(runJob(job, async () => 'done')).resolves.toBe('done');
  });

  it.each<{ category: ErrorCategory; again: boolean }>([
    { category: 'rate_limited', again: true },
    { category: 'unavailable', again: true },
    { category: 'unknown_outcome', again: false },
    { category: 'forbidden', again: false },
    { category: 'not_found', again: false },
    { category: 'conflict', again: false },
    { category: 'internal', again: false },
  ])('that fails with the category $category is retried: $again', async ({ category, again }) => {
    const stored = await failureOf(new Failure(category));
    expect(stored instanceof UnrecoverableError).toBe(!again);
    expect(stored.message).toBe('some_failure');
  });

  it.each([new Error('connect postgres://app:hunter2@db'), 'dop_v1_secret', undefined])(
    'stores nothing of an unexpected error [TEN-8]',
    async (error) => {
      const stored = await failureOf(error);
      expect(stored).toBeInstanceOf(UnrecoverableError);
      expect(`${stored.message}${stored.stack}`).not.toMatch(/hunter2|dop_v1_secret/);
      expect(stored.message).toBe('internal');
    },
  );

  it('is counted once when it failed for good: on a final error, or with its last attempt', async () => {
    const counted = async () => Number(/^arcadia_jobs_given_up_total\{queue="billing"\} (\d+)$/m.exec(await metricsText())?.[1]);
    const attempt = (attemptsMade: number, category: ErrorCategory) =>
      runJob({ ...job, queueName: 'billing', attemptsMade, opts: { attempts: 5 } }, () => Promise.reject(new Failure(category))).catch(
        () => undefined,
      );
    expect(await counted()).toBe(0);
    await attempt(0, 'unavailable');
    await attempt(3, 'unavailable');
    expect(await counted()).toBe(0);
    await attempt(4, 'unavailable');
    await attempt(0, 'forbidden');
    expect(await counted()).toBe(2);
  });
});
