import { DomainError, domainError, type ErrorCategory } from '#libs/kernel';

/** The balance has never been read, because the provider could not be called yet. */
export class BalanceNotReadError extends domainError('balance_not_read', 'not_found', 'The balance has not been read yet') {}

/**
 * A reading of the provider's billing data failed, and the schedule repeats it at a known time; the queue does not. It keeps code, message
 * and facts of its cause.
 */
export class ReadPostponedError extends DomainError {
  readonly code: string;
  /** Not one that a queue retries. */
  readonly category: ErrorCategory = 'conflict';

  constructor(
    override readonly cause: DomainError,
    readonly failures: number,
    readonly nextAttemptAt: Date,
  ) {
    super(cause.message);
    this.code = cause.code;
  }

  override get facts(): Readonly<Record<string, string | number>> {
    return { ...this.cause.facts, failures: this.failures, next_attempt_at: this.nextAttemptAt.toISOString() };
  }
}

export class InvoiceNotFoundError extends domainError(
  'invoice_not_found',
  'not_found',
  (invoiceId: string) => `Invoice ${invoiceId} does not exist`,
) {}

/** The invoice was ingested again after the previous page and now has other lines, so the caller must start the list again. */
export class LinesReplacedError extends domainError(
  'lines_replaced',
  'conflict',
  (invoiceId: string) => `The lines of invoice ${invoiceId} were replaced after the previous page was read: start the list again`,
) {}

/** Only an invoice with the reconciliation `mismatch` can be released. */
export class InvoiceNotReleasableError extends domainError(
  'invoice_not_releasable',
  'conflict',
  (invoiceId: string) => `Invoice ${invoiceId} is not a mismatch, so there is nothing to release`,
) {}

/** An invoice document cannot be read, so none of it is ingested. [BIL-3] */
export class UnreadableDocumentError extends domainError('unreadable_document', 'invalid') {
  /** `line` counts the lines of the text from 1, with the header. For a record that spans several lines it is the first of them. */
  constructor(
    readonly line: number,
    readonly problem: string,
  ) {
    super(`Line ${line} of the invoice document: ${problem}`);
  }
}

/** The document has fewer lines than the invoice has items, and they do not add up: it was cut between two lines. A later download helps. */
export class IncompleteDocumentError extends domainError(
  'incomplete_document',
  'unavailable',
  (lines: number, items: number) => `The invoice document has ${lines} of ${items} lines`,
) {}

/** A record or a cell cannot be read. `readDocument` catches it and throws `UnreadableDocumentError` with the line. */
export class UnreadableRecord extends Error {}

/** The finance service is down, slow or overloaded, or its response was lost. The import may have happened; repeating it is harmless. */
export class FinanceUnavailableError extends domainError(
  'finance_unavailable',
  'unavailable',
  (reason: string) => `The finance service is unavailable: ${reason}`,
) {}

/** The finance service refused the invoice or our token. The push is retried all the same, because finance may correct its settings. */
export class RefusedByFinanceError extends domainError(
  'refused_by_finance',
  'conflict',
  (status: number) => `The finance service refused the invoice with status ${status}`,
) {}
