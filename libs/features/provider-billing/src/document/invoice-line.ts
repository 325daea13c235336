import { UnreadableRecord } from '../provider-billing.errors';
import { amountText, hoursText, lineTime, UNREADABLE } from './cells';
import { kindOfProduct, KINDS_WITHOUT_TENANT, subjectOf, type LineKind, type LineSubject } from './line-subject';

/** One line of an invoice document, typed. Money, hours and times are exact text, and no text has blanks around it. */
export interface InvoiceLine {
  readonly product: string;
  readonly group: string;
  readonly description: string;
  readonly hours: string | null;
  readonly start: string | null;
  readonly end: string | null;
  readonly amount: string;
  readonly project: string;
  readonly category: string;
  readonly subject: LineSubject;
  /** Cells of unknown columns, and the text of cells that could not be read. */
  readonly extra: Readonly<Record<string, string>> | null;
  /** How many of its cells could not be read. */
  readonly unreadableCells: number;
}

/** The known columns with the names that they have had in headers. Documents may order their columns in any way. */
const COLUMN_NAMES = {
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

type ColumnName = keyof typeof COLUMN_NAMES;

/** A line is useless without these columns. The oldest invoices have little more (docs/digitalocean-facts.md 9.6). */
const REQUIRED: readonly ColumnName[] = ['product', 'description', 'amount'];

/** Limits of what is read from the provider: the columns, the header and the text of a cell. [OPS-10] */
const MOST_COLUMNS = 100;
const LONGEST_COLUMN_NAME = 200;
const LONGEST_CELL = 10_000;

/** How many distinct cells of a column are kept with their parsed values, because documents repeat them from line to line. */
const MOST_CACHED_CELLS = 5_000;

/** V8 copies a substring that is shorter than this (`SlicedString::kMinLength`), and makes a view for a longer one. */
const SHORTEST_VIEW = 13;

/** The position of each known column, and the unknown columns, which are kept under their own names. */
interface Columns {
  readonly count: number;
  readonly at: Readonly<Record<ColumnName, number | undefined>>;
  readonly unknown: readonly { readonly name: string; readonly at: number }[];
}

/** The times of a line. `isReversed`: the document has them the other way round. */
interface LinePeriod {
  readonly start: string | null | typeof UNREADABLE;
  readonly end: string | null | typeof UNREADABLE;
  readonly isReversed: boolean;
}

/** Reads the records of one document. The constructor and `readLine` throw `UnreadableRecord`. */
export class LineReader {
  private readonly columns: Columns;
  private readonly times = new Map<string, string | null | typeof UNREADABLE>();
  private readonly hours = new Map<string, string | null | typeof UNREADABLE>();
  private readonly amounts = new Map<string, string>();
  private readonly kinds = new Map<string, LineKind>();

  constructor(header: readonly string[]) {
    this.columns = columnsOf(header);
  }

  readLine(cells: readonly string[]): InvoiceLine {
    const { count, unknown } = this.columns;
    if (cells.length !== count) throw new UnreadableRecord(`${cells.length} cells where the header has ${count}`);
    for (const cell of cells) {
      if (cell.length > LONGEST_CELL) throw new UnreadableRecord(`a cell of more than ${LONGEST_CELL} characters`);
      if (cell.includes('\0')) throw new UnreadableRecord('a NUL character');
    }
    const product = this.cell(cells, 'product');
    const group = this.cell(cells, 'group');
    const description = this.cell(cells, 'description');
    const kind = parsedOnce(this.kinds, product, kindOfProduct);
    const amount = parsedOnce(this.amounts, this.cell(cells, 'amount'), amountText);
    const hours = parsedOnce(this.hours, this.cell(cells, 'hours'), hoursText);
    const { start, end, isReversed } = this.period(cells, !KINDS_WITHOUT_TENANT.has(kind), amount.startsWith('-'));
    const kept: ColumnName[] = [];
    if (hours === UNREADABLE) kept.push('hours');
    if (start === UNREADABLE || isReversed) kept.push('start');
    if (end === UNREADABLE || isReversed) kept.push('end');
    return {
      product,
      group,
      description,
      hours: hours === UNREADABLE ? null : hours,
      start: start === UNREADABLE ? null : start,
      end: end === UNREADABLE ? null : end,
      amount,
      project: this.cell(cells, 'project'),
      category: this.cell(cells, 'category'),
      subject: subjectOf(kind, description, group),
      extra: unknown.length === 0 && kept.length === 0 ? null : this.extra(cells, kept),
      unreadableCells: kept.length,
    };
  }

  /**
   * A line that is matched by its times is refused for an unreadable one, and for an end before its start. The times of a correction are put
   * in order, because its amount takes a charge of that period back. [BIL-3]
   */
  private period(cells: readonly string[], isMatched: boolean, isCorrection: boolean): LinePeriod {
    const start = parsedOnce(this.times, this.cell(cells, 'start'), lineTime);
    const end = parsedOnce(this.times, this.cell(cells, 'end'), lineTime);
    if (isMatched && (start === UNREADABLE || end === UNREADABLE)) throw new UnreadableRecord('a time is not valid');
    const isReversed = typeof start === 'string' && typeof end === 'string' && end < start;
    if (!isReversed) return { start, end, isReversed };
    if (isMatched && !isCorrection) throw new UnreadableRecord('it ends before it starts');
    return { start: end, end: start, isReversed };
  }

  private extra(cells: readonly string[], unreadable: readonly ColumnName[]): Record<string, string> {
    const named = this.columns.unknown.map(({ name, at }) => [name, cells[at] ?? ''] as const);
    return Object.fromEntries([...named, ...unreadable.map((name) => [COLUMN_NAMES[name][0], this.cell(cells, name)] as const)]);
  }

  private cell(cells: readonly string[], name: ColumnName): string {
    const at = this.columns.at[name];
    return at === undefined ? '' : withoutBlanks(cells[at] ?? '');
  }
}

function columnsOf(header: readonly string[]): Columns {
  if (header.length > MOST_COLUMNS) throw new UnreadableRecord(`there are more than ${MOST_COLUMNS} columns`);
  const given = header.map((cell) => cell.trim().toLowerCase().replaceAll(/\s+/g, '_'));
  if (given.some((name) => name.length > LONGEST_COLUMN_NAME)) throw new UnreadableRecord('the name of a column is too long');
  if (given.some((name) => name.includes('\0'))) throw new UnreadableRecord('a NUL character');
  const known = Object.entries(COLUMN_NAMES).map(([name, names]) => {
    const positions = given.flatMap((cell, position) => ((names as readonly string[]).includes(cell) ? [position] : []));
    if (positions.length > 1) throw new UnreadableRecord(`the header has the column "${names[0]}" twice`);
    return [name, positions[0]] as const;
  });
  const at = Object.fromEntries(known) as Record<ColumnName, number | undefined>;
  const missing = REQUIRED.filter((name) => at[name] === undefined).map((name) => COLUMN_NAMES[name][0]);
  if (missing.length > 0) throw new UnreadableRecord(`the header lacks ${missing.join(', ')}`);
  const knownPositions = new Set(Object.values(at));
  const unknown = header.flatMap((cell, position) =>
    knownPositions.has(position) ? [] : [{ name: unknownColumnName(cell, position, given), at: position }],
  );
  return { count: header.length, at, unknown };
}

/** Unknown columns without a name, or with the same name as another one, get their position as a suffix. */
function unknownColumnName(cell: string, position: number, given: readonly string[]): string {
  const name = cell.trim();
  const isUnique = given.filter((other) => other === given[position]).length === 1;
  return name !== '' && isUnique ? name : `${name || 'column'}_${position + 1}`;
}

/** `trim` for the many cells that have no blanks, without its call: measured on a million lines. */
function withoutBlanks(cell: string): string {
  if (cell === '') return cell;
  const first = cell.charCodeAt(0);
  const last = cell.charCodeAt(cell.length - 1);
  return isPrintable(first) && isPrintable(last) ? cell : cell.trim();
}

/** A character of ASCII that is no blank. */
const isPrintable = (code: number): boolean => code > 0x20 && code < 0x7f;

function parsedOnce<T>(cache: Map<string, T>, cell: string, parse: (cell: string) => T): T {
  const cached = cache.get(cell);
  if (cached !== undefined) return cached;
  if (cache.size >= MOST_CACHED_CELLS) cache.clear();
  const value = parse(cell);
  cache.set(ownCopy(cell), value);
  return value;
}

/** A cell is a view into a piece of the document. As a key of the cache the view would keep that whole piece in memory, so it is copied. */
function ownCopy(cell: string): string {
  return cell.length < SHORTEST_VIEW ? cell : Buffer.from(cell).toString();
}
