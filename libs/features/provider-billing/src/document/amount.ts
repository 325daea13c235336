import { UnreadableRecord } from '../provider-billing.errors';

/** Commas only between thousands; at most twelve digits before the decimal point and ten after it. */
const DIGITS = /^(?:\d{1,12}|\d{1,3}(?:,\d{3}){1,3})(?:\.\d{1,10})?$|^\.\d{1,10}$/;

/**
 * Returns an amount of a document as plain decimal text, exact to the last digit. Negative amounts are written `-$1.23`, `$-1.23`, `-1.23`,
 * `$1.23-` or `($1.23)`, each with the ASCII or the typographic minus (docs/digitalocean-facts.md 9.8). [BIL-4]
 */
export function amountText(cell: string): string {
  const { negative, unsigned } = signOf(cell.trim().replaceAll(/[\u2212\u2013]/g, '-'));
  const digits = unsigned.replace(/^\$\s?/, '');
  if (!DIGITS.test(digits)) throw new UnreadableRecord(cell.trim() === '' ? 'the amount is missing' : 'the amount is not a number');
  const plain = digits.replaceAll(',', '').replace(/^\./, '0.');
  return negative && /[1-9]/.test(plain) ? `-${plain}` : plain;
}

function signOf(text: string): { negative: boolean; unsigned: string } {
  const bracketed = /^(\$?)\(\s?(.*?)\s?\)$/.exec(text);
  if (bracketed) return { negative: true, unsigned: `${bracketed[1] ?? ''}${bracketed[2] ?? ''}` };
  if (text.startsWith('-')) return { negative: true, unsigned: text.slice(1).trimStart() };
  if (text.startsWith('+')) return { negative: false, unsigned: text.slice(1).trimStart() };
  if (/^\$\s?-/.test(text)) return { negative: true, unsigned: text.replace(/^\$\s?-\s?/, '') };
  if (text.endsWith('-')) return { negative: true, unsigned: text.slice(0, -1).trimEnd() };
  return { negative: false, unsigned: text };
}

/** Returns the hours, or the number of backups; null for lines without a duration. */
export function hoursText(cell: string): string | null {
  const text = cell.trim();
  if (text === '') return null;
  if (!/^(\d{1,9}|\d{1,3}(,\d{3}){1,2})(\.\d{1,6})?$/.test(text)) throw new UnreadableRecord('the hours are not a number');
  return text.replaceAll(',', '');
}
