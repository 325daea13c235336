import { Logger } from '@nestjs/common';
import { UnrecoverableError } from 'bullmq';
import { DomainError, type ErrorCategory } from '#libs/kernel';
import { metricsText } from '#libs/observability';
import { ReadPostponedError } from '#libs/provider-billing';
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

const job = { id: '1', name: 'sweep', queueName: 'sync-fast', attemptsMade: 0, opts: { attempts: 5 } };

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
    expect(stored.message).toBe('some_failure: a message');
  });

  it.each([
    { attemptsMade: 0, category: 'unavailable', again: true },
    { attemptsMade: 3, category: 'rate_limited', again: true },
    { attemptsMade: 4, category: 'unavailable', again: false },
    { attemptsMade: 0, category: 'forbidden', again: false },
  ] as const)('says truly whether attempt $attemptsMade + 1 of 5 is repeated after $category: $again (C6) [OPS-4]', async (failed) => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    await runJob({ ...job, attemptsMade: failed.attemptsMade }, () => Promise.reject(new Failure(failed.category))).catch(() => undefined);
    expect(warn).toHaveBeenCalledWith({
      event: 'job_failed',
      queue: 'sync-fast',
      job: 'sweep',
      code: 'some_failure',
      detail: 'a message',
      attempt: failed.attemptsMade + 1,
      attempts: 5,
      again: failed.again,
    });
    warn.mockRestore();
  });

  it('that is a reading which the schedule repeats is final, says when the next one follows, and is not given up (C6)', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const next = new Date('2026-11-29T10:02:00Z');
    const given = async () => /^arcadia_jobs_given_up_total\{queue="sync-full"\} (\d+)$/m.exec(await metricsText())?.[1];
    const reading = { ...job, name: 'balance', queueName: 'sync-full' };
    const stored = await runJob(reading, () => Promise.reject(new ReadPostponedError(new Failure('unavailable'), 2, next))).catch(
      (error: unknown) => error,
    );
    expect(stored).toBeInstanceOf(UnrecoverableError);
    expect(warn).toHaveBeenCalledWith(
      expect.objectContaining({ code: 'some_failure', again: false, failures: 2, next_attempt_at: next.toISOString() }),
    );
    expect(await given()).toBe('0');
    warn.mockRestore();
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

  it('stores the message of an expected failure on one bounded line, without what resembles a secret (D5) [TEN-8]', async () => {
    const stored = await failureOf(new Failure('conflict', `refused\nby dop_v1_0123abc at https://u:p@x/ ${'x'.repeat(9_000)}`));
    expect(stored.message).toMatch(/^some_failure: refused by \[token\] at https:\/\/\[login\]@x\/ x+$/);
    expect(stored.message.length).toBeLessThan(400);
  });

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
