import { AccountNotCheckedError } from '#libs/accounts';
import {
  MalformedAnswerError,
  NotFoundAtProviderError,
  PendingEventError,
  ProviderError,
  TokenRejectedError,
  UnknownOutcomeError,
} from '#libs/digitalocean';
import { isRetryable } from '#libs/kernel';
import { fail, wait, type StepAnswer, type StepError } from '#libs/saga';

/** Wait while another action of a droplet runs, or while the provider is not available. */
const BUSY_MS = 5_000;
/** Wait while the provider rejects our token. */
const REJECTED_MS = 5_000;

/**
 * The outcome of one write. `not_found` is the provider's 404. After `refused` the write certainly did not happen, and `answer` is the
 * step's answer.
 */
export type WriteOutcome<T> =
  | { readonly is: 'done'; readonly value: T }
  | { readonly is: 'not_found'; readonly error: StepError }
  | { readonly is: 'refused'; readonly answer: StepAnswer }
  | { readonly is: 'unknown'; readonly error: StepError };

/**
 * Awaits one write and classifies its outcome. Never repeats the write. Errors that are not the provider's, such as those of our database
 * or a lost lease, pass through. [SAG-19]
 */
export async function outcomeOf<T>(write: Promise<T>): Promise<WriteOutcome<T>> {
  try {
    return { is: 'done', value: await write };
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    const stepError = { code: error.code, detail: error.message };
    if (error instanceof UnknownOutcomeError || error instanceof MalformedAnswerError) return { is: 'unknown', error: stepError };
    if (error instanceof NotFoundAtProviderError) return { is: 'not_found', error: stepError };
    return { is: 'refused', answer: answerToRefusal(error, stepError) };
  }
}

/** A wait costs no try, because a busy droplet, a rejected token and an outage are not failures of the step. */
function answerToRefusal(error: ProviderError, stepError: StepError): StepAnswer {
  if (error instanceof PendingEventError) return wait(BUSY_MS, 'waiting for another action of the droplet to end');
  if (error instanceof TokenRejectedError)
    return wait(error.retryAfterMs ?? REJECTED_MS, 'waiting for a provider token that DigitalOcean accepts');
  // The detail of this error begins with "waiting for" already.
  if (error instanceof AccountNotCheckedError) return wait(error.retryAfterMs ?? BUSY_MS, stepError.detail, stepError.code);
  if (isRetryable(error)) return wait(error.retryAfterMs ?? BUSY_MS, `waiting for DigitalOcean to accept the request: ${stepError.detail}`);
  return fail(stepError, 'none');
}
