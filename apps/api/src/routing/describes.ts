import { SetMetadata } from '@nestjs/common';
import type { SchemaName } from '../openapi/schemas';

export const DESCRIPTION = 'arcadia:description';

/** What the API document says about a handler, beside what its decorators and input classes already say. */
export interface Description {
  /** One line, in the imperative. */
  readonly summary: string;
  /** More than the summary, when there is more to know. */
  readonly details?: string;
  /** The schema of the answer; a list is wrapped in the list envelope, `data` in the envelope of a single object, `counts` in one that says as of when, `flat` not at
   * all; `csv` is a file, `text` plain text. */
  readonly answers: { readonly schema: SchemaName; readonly as: 'list' | 'data' | 'counts' | 'flat' | 'csv' | 'text' };
  /** Statuses of problems beyond those that every route of its kind has. */
  readonly refusals?: readonly number[];
}

export const Describes = (description: Description) => SetMetadata(DESCRIPTION, description);
