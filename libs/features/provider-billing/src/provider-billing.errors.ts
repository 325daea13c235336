import { DomainError } from '#libs/kernel';

/** The balance has never been read, because the provider could not be called yet. */
export class BalanceNotReadError extends DomainError {
  readonly code = 'balance_not_read';
  readonly category = 'not_found';

  constructor() {
    super('The balance has not been read yet');
  }
}

/** No invoice has this id. */
export class InvoiceNotFoundError extends DomainError {
  readonly code = 'invoice_not_found';
  readonly category = 'not_found';

  constructor(readonly invoiceId: string) {
    super(`Invoice ${invoiceId} does not exist`);
  }
}

/** The invoice was ingested again after the previous page and now has other lines, so the caller must start the list again. */
export class LinesReplacedError extends DomainError {
  readonly code = 'lines_replaced';
  readonly category = 'conflict';

  constructor(readonly invoiceId: string) {
    super(`The lines of invoice ${invoiceId} were replaced after the previous page was read: start the list again`);
  }
}

/** Only an invoice with the reconciliation `mismatch` can be released. */
export class InvoiceNotReleasableError extends DomainError {
  readonly code = 'invoice_not_releasable';
  readonly category = 'conflict';

  constructor(readonly invoiceId: string) {
    super(`Invoice ${invoiceId} is not a mismatch, so there is nothing to release`);
  }
}

/** An invoice document cannot be read, so none of it is ingested. [BIL-3] */
export class UnreadableDocumentError extends DomainError {
  readonly code = 'unreadable_document';
  readonly category = 'invalid';

  /** `line` counts the lines of the text from 1, with the header. For a record that spans several lines it is the first of them. */
  constructor(
    readonly line: number,
    readonly problem: string,
  ) {
    super(`Line ${line} of the invoice document: ${problem}`);
  }
}

/**
 * The document has fewer lines than the invoice has items, and they do not add up: it was cut between two lines. A later download helps.
 */
export class IncompleteDocumentError extends DomainError {
  readonly code = 'incomplete_document';
  readonly category = 'unavailable';

  constructor(lines: number, items: number) {
    super(`The invoice document has ${lines} of ${items} lines`);
  }
}

/** A record or a cell cannot be read. `readDocument` catches it and throws `UnreadableDocumentError` with the line. */
export class UnreadableRecord extends Error {}

/** The finance service is down, slow or overloaded, or its response was lost. The import may have happened; repeating it is harmless. */
export class FinanceUnavailableError extends DomainError {
  readonly code = 'finance_unavailable';
  readonly category = 'unavailable';

  constructor(readonly reason: string) {
    super(`The finance service is unavailable: ${reason}`);
  }
}

/** The finance service refused the invoice or our token. The push is retried all the same, because finance may correct its settings. */
export class RefusedByFinanceError extends DomainError {
  readonly code = 'refused_by_finance';
  readonly category = 'conflict';

  constructor(readonly status: number) {
    super(`The finance service refused the invoice with status ${status}`);
  }
}
