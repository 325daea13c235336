import { DomainError } from '#libs/kernel';

/** The balance has never been read: the provider could not be asked yet. */
export class BalanceNotReadError extends DomainError {
  readonly code = 'balance_not_read';
  readonly category = 'not_found';

  constructor() {
    super('The balance has not been read yet');
  }
}

/** There is no invoice with this id. */
export class InvoiceNotFoundError extends DomainError {
  readonly code = 'invoice_not_found';
  readonly category = 'not_found';

  constructor(readonly invoiceId: string) {
    super(`Invoice ${invoiceId} does not exist`);
  }
}

/** The invoice was read again since the page before and has other lines now: the list has to begin anew. */
export class LinesReplacedError extends DomainError {
  readonly code = 'lines_replaced';
  readonly category = 'conflict';

  constructor(readonly invoiceId: string) {
    super(`The lines of invoice ${invoiceId} were replaced since that page: begin the list again`);
  }
}

/** Only an invoice whose lines do not add up can be released. */
export class InvoiceNotReleasableError extends DomainError {
  readonly code = 'invoice_not_releasable';
  readonly category = 'conflict';

  constructor(readonly invoiceId: string) {
    super(`Invoice ${invoiceId} is not a mismatch, so there is nothing to release`);
  }
}
