import { Logger } from '@nestjs/common';
import { UnrecoverableError } from 'bullmq';
import { DomainError, type ErrorCategory } from '#libs/kernel';
import { metricsText } from '#libs/observability';
import { runJob } from './settle';

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

async function fateOf(failure: unknown): Promise<Error> {
  try {
    await runJob(job, async () => {
      throw failure;
    });
  } catch (fate) {
    return fate as Error;
  }
  throw new Error('it did not fail');
}

describe('what becomes of a failed job', () => {
  beforeEach(() => Logger.overrideLogger(false));

  it('nothing, when the work succeeds', async () => {
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
  ])('$category: tried again: $again', async ({ category, again }) => {
    const fate = await fateOf(new Failure(category));
    expect(fate instanceof UnrecoverableError).toBe(!again);
    expect(fate.message).toBe('some_failure');
  });

  it.each([new Error('connect postgres://app:hunter2@db'), 'dop_v1_secret', undefined])(
    'TEN-8: keeps nothing of an unexpected error',
    async (error) => {
      const fate = await fateOf(error);
      expect(fate).toBeInstanceOf(UnrecoverableError);
      expect(`${fate.message}${fate.stack}`).not.toMatch(/hunter2|dop_v1_secret/);
      expect(fate.message).toBe('internal');
    },
  );

  it('is counted once given up: at once, or with its last try', async () => {
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
