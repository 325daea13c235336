/** Every text in an object with its place, such as `users.0.password`. */
export function textsIn(value: unknown, at = ''): { place: string; text: string }[] {
  if (typeof value === 'string') return [{ place: at, text: value }];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => textsIn(inner, inside(at, name)));
}

/** The object with other texts; `change` gets each text and its place. */
export function withTexts<T>(value: T, change: (text: string, place: string) => string, at = ''): T {
  if (typeof value === 'string') return change(value, at) as T;
  if (Array.isArray(value)) return value.map((inner: unknown, nth) => withTexts(inner, change, inside(at, String(nth)))) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withTexts(inner, change, inside(at, name))])) as T;
}

const inside = (at: string, name: string): string => (at === '' ? name : `${at}.${name}`);

/** A mark for the text of a place, in a notation that no reader changes; another one for each place. */
export const markOf = (place: string): string => `mark-${place.replaceAll('_', '--').replaceAll('.', '-')}-end`;
