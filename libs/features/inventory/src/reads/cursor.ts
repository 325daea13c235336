import { DomainError } from '#libs/kernel';

/** The cursor is none that this list ever gave out. */
export class InvalidCursorError extends DomainError {
  readonly code = 'invalid_cursor';
  readonly category = 'invalid';

  constructor() {
    super('The cursor is not one that this list gave out');
  }
}

/** A cursor names the last row of a page and nothing else: whose rows follow is decided by who asks. */
export function encodeCursor(after: string): string {
  return Buffer.from(after, 'utf8').toString('base64url');
}

const FORMS = {
  uuid: /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
  sequence: /^[1-9][0-9]{0,17}$/,
  cost_line:
    /^(19|20|21)\d{2}-(0[1-9]|1[0-2])-01\/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\/[1-9][0-9]{0,8}\/[0-9a-f]{1,16}$/,
};

export function decodeCursor(cursor: string | undefined, form: keyof typeof FORMS): string | null {
  if (cursor === undefined) return null;
  const after = cursor.length <= 100 ? Buffer.from(cursor, 'base64url').toString('utf8') : '';
  if (!FORMS[form].test(after) || encodeCursor(after) !== cursor) throw new InvalidCursorError();
  return after;
}
