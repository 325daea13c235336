import { DomainError, errorCode, isRetryable } from '#libs/kernel';
import type { StepContext } from '../definition/saga-definition';
import type { StepAnswer } from '../definition/step-answer';
import { LeaseLostError } from '../saga.error';

/** Calls one side of a step within its time limit. Never rejects but for a lost lease: every other end is an answer. */
export async function execute(
  work: (ctx: StepContext) => Promise<StepAnswer>,
  ctx: Omit<StepContext, 'signal'>,
  { timeLimitMs, stop, onUnexpected }: { timeLimitMs: number; stop: AbortSignal; onUnexpected: (error: unknown) => void },
): Promise<StepAnswer> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), timeLimitMs);
  const signal = AbortSignal.any([deadline.signal, stop]);
  const cut = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(stop.aborted ? new LeaseLostError(ctx.sagaId) : new OverTime()), { once: true });
  });
  try {
    const inHand = Object.create(ctx, { signal: { value: signal } }) as StepContext; // a copy would not see what is recorded meanwhile
    return await Promise.race([work(inHand), cut]);
  } catch (error) {
    if (error instanceof LeaseLostError) throw error;
    if (error instanceof OverTime)
      return { is: 'retry', error: { code: 'step_timed_out', detail: `The step did not end within ${timeLimitMs} ms` } };
    return answerOf(error, onUnexpected);
  } finally {
    clearTimeout(timer);
  }
}

class OverTime extends Error {}

/** A failure that passes by itself is tried again; of what nobody expected only the code is kept, the rest is logged. */
function answerOf(error: unknown, onUnexpected: (error: unknown) => void): StepAnswer {
  const detail = error instanceof DomainError ? error.message : 'Something unexpected happened; the log of the worker tells';
  if (!(error instanceof DomainError)) onUnexpected(error);
  const told = { code: errorCode(error), detail };
  if (!isRetryable(error)) return { is: 'fail', error: told };
  const afterMs = error instanceof DomainError ? error.retryAfterMs : undefined;
  return { is: 'retry', error: told, ...(afterMs !== undefined && { afterMs }) };
}
