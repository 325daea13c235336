import { amountText, hoursText } from './amount';
import type { ColumnName, Columns } from './columns';
import { UnreadableRecord } from './document.error';
import { kindOfProduct, subjectOf, type LineKind, type LineSubject } from './line-subject';
import { lineTime } from './line-time';

/** One line of an invoice document, typed. Money, hours and times as exact text. */
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
  /** Cells of columns that we do not know. */
  readonly extra: Readonly<Record<string, string>> | null;
}

/** Longest text of a cell that is taken (OPS-10). */
const LONGEST_CELL = 10_000;
/** What documents repeat from line to line is worked out once. */
const MOST_REMEMBERED = 5_000;
/** V8 copies what is cut shorter than this (`SlicedString::kMinLength`). */
const SHORTEST_VIEW = 13;

/** Reads the records of one document; throws `UnreadableRecord`. */
export class LineReader {
  private readonly times = new Map<string, string | null>();
  private readonly hours = new Map<string, string | null>();
  private readonly amounts = new Map<string, string>();
  private readonly kinds = new Map<string, LineKind>();

  constructor(private readonly columns: Columns) {}

  read(cells: readonly string[]): InvoiceLine {
    const { count, unknown } = this.columns;
    if (cells.length !== count) throw new UnreadableRecord(`${cells.length} cells where the header has ${count}`);
    for (const cell of cells) {
      if (cell.length > LONGEST_CELL) throw new UnreadableRecord(`a cell of more than ${LONGEST_CELL} characters`);
      if (cell.includes('\0')) throw new UnreadableRecord('a NUL character');
    }
    const product = this.cell(cells, 'product');
    const group = this.cell(cells, 'group');
    const description = this.cell(cells, 'description');
    const kind = remembered(this.kinds, product, kindOfProduct);
    const start = remembered(this.times, this.cell(cells, 'start'), lineTime);
    const end = remembered(this.times, this.cell(cells, 'end'), lineTime);
    if (start !== null && end !== null && end < start) throw new UnreadableRecord('it ends before it starts');
    return {
      product,
      group,
      description,
      hours: remembered(this.hours, this.cell(cells, 'hours'), hoursText),
      start,
      end,
      amount: remembered(this.amounts, this.cell(cells, 'amount'), amountText),
      project: this.cell(cells, 'project'),
      category: this.cell(cells, 'category'),
      subject: subjectOf(kind, description, group),
      extra: unknown.length === 0 ? null : Object.fromEntries(unknown.map(({ name, at }) => [name, cells[at] ?? ''])),
    };
  }

  private cell(cells: readonly string[], name: ColumnName): string {
    const at = this.columns.at[name];
    return at === undefined ? '' : (cells[at] ?? '');
  }
}

function remembered<T>(known: Map<string, T>, text: string, work: (text: string) => T): T {
  const before = known.get(text);
  if (before !== undefined) return before;
  if (known.size >= MOST_REMEMBERED) known.clear();
  const value = work(text);
  known.set(ofItsOwn(text), value);
  return value;
}

/** A cell is a view into the piece of the document that it was cut from: remembered as it is, it would keep all of that in memory. */
function ofItsOwn(cell: string): string {
  return cell.length < SHORTEST_VIEW ? cell : Buffer.from(cell).toString();
}
