import { DomainError, errorCode, isRetryable } from '#libs/kernel';
import type { StepContext, StepPolicy } from '../definition/saga-definition';
import { wait, type StepAnswer } from '../definition/step-answer';
import { LeaseLostError } from '../saga.errors';

/** Pause before the next execution during an outage, used when the error has no `retryAfterMs`. */
const OUTAGE_MS = 5_000;

interface ExecutionOptions extends Pick<StepPolicy, 'timeLimitMs' | 'onOutage'> {
  readonly stop: AbortSignal;
  readonly onUnexpected: (error: unknown) => void;
}

/** Executes or compensates a step within its time limit. Rejects only with `LeaseLostError`; every other error becomes an answer. */
export async function execute(
  work: (ctx: StepContext) => Promise<StepAnswer>,
  ctx: Omit<StepContext, 'signal'>,
  { timeLimitMs, onOutage, stop, onUnexpected }: ExecutionOptions,
): Promise<StepAnswer> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), timeLimitMs);
  const signal = AbortSignal.any([deadline.signal, stop]);
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(stop.aborted ? new LeaseLostError() : new TimeLimitExceeded()), { once: true });
  });
  try {
    const withSignal = Object.create(ctx, { signal: { value: signal } }) as StepContext; // inherits the getters; a copy would freeze their values
    return await Promise.race([work(withSignal), aborted]);
  } catch (error) {
    if (error instanceof LeaseLostError) throw error;
    if (error instanceof TimeLimitExceeded)
      return { is: 'retry', error: { code: 'step_timed_out', detail: `The step did not end within ${timeLimitMs} ms` } };
    return (onOutage === 'wait' ? waitForEndOf(error) : undefined) ?? answerOf(error, onUnexpected);
  } finally {
    clearTimeout(timer);
  }
}

class TimeLimitExceeded extends Error {}

/** Undefined for an error that is no outage. */
function waitForEndOf(error: unknown): StepAnswer | undefined {
  if (!(error instanceof DomainError) || !error.outage) return undefined;
  return wait(error.retryAfterMs ?? OUTAGE_MS, error.message, error.reportedWhileWaiting ? error.code : undefined);
}

/** A transient error is retried. The ledger keeps only the code of an unexpected error; `onUnexpected` logs the error itself. */
function answerOf(error: unknown, onUnexpected: (error: unknown) => void): StepAnswer {
  const detail = error instanceof DomainError ? error.message : 'An unexpected error occurred; see the log of the worker';
  if (!(error instanceof DomainError)) onUnexpected(error);
  const stepError = { code: errorCode(error), detail };
  if (!isRetryable(error)) return { is: 'fail', error: stepError };
  const afterMs = error instanceof DomainError ? error.retryAfterMs : undefined;
  return { is: 'retry', error: stepError, ...(afterMs !== undefined && { afterMs }) };
}
