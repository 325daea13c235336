import {
  MalformedAnswerError,
  NotFoundAtProviderError,
  PendingEventError,
  ProviderError,
  TokenRejectedError,
  UnknownOutcomeError,
} from '#libs/digitalocean';
import { AccountNotCheckedError } from '#libs/inventory';
import { isRetryable } from '#libs/kernel';
import { fail, wait, type StepAnswer, type StepError } from '#libs/saga';

/** While another event of a droplet runs, and while our token is rejected. */
const BUSY_MS = 5_000;
const REJECTED_MS = 5_000;

/** What became of one write. `refused`: it surely did not happen, and `answer` says how the step goes on. */
export type WriteOutcome<T> =
  | { readonly is: 'done'; readonly value: T }
  | { readonly is: 'gone'; readonly error: StepError }
  | { readonly is: 'refused'; readonly answer: StepAnswer }
  | { readonly is: 'unknown'; readonly error: StepError };

/**
 * Makes one write and says what is known afterwards (SAG-19). Never repeats it. `gone` is the provider's 404. Errors that are not the
 * provider's (our database, a lost lease) pass through.
 */
export async function outcomeOf<T>(write: Promise<T>): Promise<WriteOutcome<T>> {
  try {
    return { is: 'done', value: await write };
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    const told = { code: error.code, detail: error.message };
    if (error instanceof UnknownOutcomeError || error instanceof MalformedAnswerError) return { is: 'unknown', error: told };
    if (error instanceof NotFoundAtProviderError) return { is: 'gone', error: told };
    return { is: 'refused', answer: answerTo(error, told) };
  }
}

function answerTo(error: ProviderError, told: StepError): StepAnswer {
  if (error instanceof PendingEventError) return wait(BUSY_MS, 'another event of the droplet is under way');
  if (error instanceof TokenRejectedError) return wait(error.retryAfterMs ?? REJECTED_MS, 'DigitalOcean rejects our token');
  if (error instanceof AccountNotCheckedError) return wait(error.retryAfterMs ?? BUSY_MS, told.detail, told.code);
  if (isRetryable(error)) return wait(error.retryAfterMs ?? BUSY_MS, told.detail); // not the step's fault: it costs no try
  return fail(told, 'none');
}
