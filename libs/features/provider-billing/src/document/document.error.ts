import { DomainError } from '#libs/kernel';

/** An invoice document cannot be read, so none of it was taken (BIL-3). */
export class UnreadableDocumentError extends DomainError {
  readonly code = 'unreadable_document';
  readonly category = 'invalid';

  /** `line` counts the lines of the text from 1, the header included; of a record that spans several, its first. */
  constructor(
    readonly line: number,
    readonly problem: string,
  ) {
    super(`Line ${line} of the invoice document: ${problem}`);
  }
}

/** The document has fewer lines than the invoice has items, and they do not add up: it was cut between two lines. Passes by itself. */
export class IncompleteDocumentError extends DomainError {
  readonly code = 'incomplete_document';
  readonly category = 'unavailable';

  constructor(lines: number, items: number) {
    super(`The invoice document has ${lines} lines of ${items}`);
  }
}

/** What is wrong with a record or a cell; the reader of the document adds the line. */
export class UnreadableRecord extends Error {}
