import { DomainError } from '#libs/kernel';

/** The finance service is away, slow or overloaded, or its answer was lost: it may have happened, and telling it again is harmless. */
export class FinanceUnavailableError extends DomainError {
  readonly code = 'finance_unavailable';
  readonly category = 'unavailable';

  constructor(readonly reason: string) {
    super(`The finance service cannot be told at the moment: ${reason}`);
  }
}

/** The finance service does not take what it is told, or not from us. Tried again later all the same: it may be set right there. */
export class RefusedByFinanceError extends DomainError {
  readonly code = 'refused_by_finance';
  readonly category = 'conflict';

  constructor(readonly status: number) {
    super(`The finance service refused the invoice with status ${status}`);
  }
}
