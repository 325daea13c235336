import { DomainError, ValidationFailedError } from '#libs/kernel';
import { NotReadyError } from '../health/not-ready.error';
import { failureOfStatus } from './failure-of-status';
import type { Failure } from './problem';
import { STATUS_OF_CATEGORY } from './status-of-category';

/** One sentence for all: it must not tell another tenant's objects from those that do not exist (TEN-3). */
const NO_SUCH_OBJECT = 'There is no such object';

/** What may be told about an error. Undefined means that it is unexpected: it is logged, and the caller gets a general message (TEN-10). */
export function failureOfError(error: unknown): Failure | undefined {
  if (error instanceof DomainError) return failureOfDomainError(error);
  const status = statusOf(error);
  return status === undefined ? undefined : failureOfStatus(status);
}

function failureOfDomainError(error: DomainError): Failure | undefined {
  if (error.category === 'internal') return undefined;
  return {
    status: STATUS_OF_CATEGORY[error.category],
    code: error.code,
    detail: error.category === 'not_found' ? NO_SUCH_OBJECT : error.message,
    retryAfterMs: error.retryAfterMs,
    ...membersOf(error),
  };
}

function membersOf(error: DomainError): Pick<Failure, 'members'> {
  if (error instanceof ValidationFailedError) return { members: { errors: error.errors } };
  if (error instanceof NotReadyError) return { members: { checks: error.checks } };
  return {};
}

/** Nest's HttpException has getStatus(), the http-errors of Express and body-parser have `status`. */
function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('getStatus' in error && typeof error.getStatus === 'function') return Number(error.getStatus());
  return 'status' in error && typeof error.status === 'number' ? error.status : undefined;
}
