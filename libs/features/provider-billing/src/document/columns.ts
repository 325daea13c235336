import { UnreadableRecord } from './document.error';

/** The columns we know, by the names that headers have had for them. The order of a document's columns means nothing. */
const NAMES = {
  product: ['product'],
  group: ['group_description'],
  description: ['description'],
  hours: ['hours', 'duration'],
  start: ['start', 'start_time'],
  end: ['end', 'end_time'],
  amount: ['usd', 'amount'],
  project: ['project_name', 'project'],
  category: ['category'],
} as const;

export type ColumnName = keyof typeof NAMES;

/** Without these a line says nothing. Oldest invoices have little more (docs/digitalocean-facts.md 9.6). */
const REQUIRED: readonly ColumnName[] = ['product', 'description', 'amount'];
const MOST_COLUMNS = 100;
const LONGEST_HEADER = 200;

/** Where each column stands, and the ones we do not know, which are kept under their own names. */
export interface Columns {
  readonly count: number;
  readonly at: Readonly<Record<ColumnName, number | undefined>>;
  readonly unknown: readonly { readonly name: string; readonly at: number }[];
}

export function columnsOf(header: readonly string[]): Columns {
  if (header.length > MOST_COLUMNS) throw new UnreadableRecord(`there are more than ${MOST_COLUMNS} columns`);
  const given = header.map((cell) => cell.trim().toLowerCase().replaceAll(/\s+/g, '_'));
  if (given.some((name) => name.length > LONGEST_HEADER)) throw new UnreadableRecord('a column has too long a name');
  if (given.some((name) => name.includes('\0'))) throw new UnreadableRecord('a NUL character');
  const known = Object.entries(NAMES).map(([name, names]) => {
    const places = given.flatMap((cell, place) => ((names as readonly string[]).includes(cell) ? [place] : []));
    if (places.length > 1) throw new UnreadableRecord(`the column "${names[0]}" is there twice`);
    return [name, places[0]] as const;
  });
  const at = Object.fromEntries(known) as Record<ColumnName, number | undefined>;
  const missing = REQUIRED.filter((name) => at[name] === undefined).map((name) => NAMES[name][0]);
  if (missing.length > 0) throw new UnreadableRecord(`the header lacks ${missing.join(', ')}`);
  const taken = new Set(Object.values(at));
  const unknown = header.flatMap((cell, place) => (taken.has(place) ? [] : [{ name: nameOf(cell, place, given), at: place }]));
  return { count: header.length, at, unknown };
}

/** Two unknown columns of one name, or without one, are told apart by their places. */
function nameOf(cell: string, place: number, given: readonly string[]): string {
  const name = cell.trim();
  const isAlone = given.filter((other) => other === given[place]).length === 1;
  return name !== '' && isAlone ? name : `${name || 'column'}_${place + 1}`;
}
