import { ForbiddenByProviderError, IncompleteListError, TokenRejectedError } from '#libs/digitalocean';
import { errorCode } from '#libs/kernel';
import { AccountUnknownError, OtherAccountError } from '../account/account.errors';

/** What an error makes of the sweep that it ended. `refused`: this token must not sync at all, or not this kind (INV-6, INV-7). */
export function sweepOutcome(error: unknown, signal: AbortSignal): { status: 'incomplete' | 'refused'; reason: string } {
  if (signal.aborted) return { status: 'incomplete', reason: 'stopped' }; // whatever it says: the process was told to end
  const refused =
    error instanceof OtherAccountError ||
    error instanceof AccountUnknownError ||
    error instanceof TokenRejectedError ||
    error instanceof ForbiddenByProviderError;
  const reason = error instanceof IncompleteListError ? error.reason : errorCode(error);
  return { status: refused ? 'refused' : 'incomplete', reason };
}
