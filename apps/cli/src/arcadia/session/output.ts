import { usageError } from './failure';
import { paint, type Terminal } from './terminal';

export const FORMATS = ['table', 'json', 'jsonl', 'csv', 'tsv', 'name'] as const;
export type Format = (typeof FORMATS)[number];
export type Row = Readonly<Record<string, unknown>>;

/** How a command writes its rows. */
export interface Shape {
  readonly format: Format;
  /** Fields in their order, with dots for fields of fields: `attribution.by`. */
  readonly fields: readonly string[];
  /** True when `fields` were given by the user, who then gets them in JSON too. */
  readonly chosen: boolean;
}

const GAP = '  ';
const WIDEST = 60;

/** Throws a usage error for an unknown format. Without `--output`: a table on a screen, tsv otherwise. */
export function shapeOf(terminal: Terminal, flags: { output?: string; fields?: string }, fields: readonly string[]): Shape {
  const format = flags.output ?? (terminal.isScreen ? 'table' : 'tsv');
  if (!isFormat(format)) throw usageError(`--output must be one of ${FORMATS.join(', ')}, not ${format}`);
  const chosen = flags.fields?.split(',').map((field) => field.trim());
  return { format, fields: chosen ?? fields, chosen: chosen !== undefined };
}

function isFormat(text: string): text is Format {
  return (FORMATS as readonly string[]).includes(text);
}

/**
 * Writes pages as they arrive, and for a table without rows a message on standard error. The first page decides how wide the columns of a table
 * are, and which have figures, at the right. Returns the number of rows.
 */
export async function writeRows(terminal: Terminal, shape: Shape, pages: AsyncIterable<readonly Row[]>): Promise<number> {
  let count = 0;
  let columns: readonly Column[] | undefined;
  let opening: string | undefined = { json: '[', csv: `${shape.fields.map(csvCell).join(',')}\n` }[shape.format as string];
  for await (const rows of pages) {
    if (opening !== undefined) await terminal.out(opening); // not before the first page: a refusal prints no half of a document
    opening = undefined;
    if (rows.length === 0) continue;
    if (count === 0 && shape.chosen) warnOfUnknown(terminal, shape, rows);
    if (shape.format === 'table') {
      const lines = rows.map((row) => shape.fields.map((field) => cellText(valueAt(row, field))));
      const isFirst = columns === undefined;
      columns ??= shape.fields.map((field, at) => columnOf(field.toUpperCase(), lines.map((cells) => cells[at] ?? ''))); // prettier-ignore
      const heads = columns.map(({ head }) => head);
      if (isFirst) await terminal.out(`${paint(terminal, 'bold', tableLine(heads, columns))}\n`);
      await terminal.out(lines.map((cells) => `${tableLine(cells, columns ?? [])}\n`).join(''));
    } else {
      const isFirst = count === 0;
      await terminal.out(rows.map((row, at) => rowText(shape, row, isFirst && at === 0)).join(''));
    }
    count += rows.length;
  }
  if (shape.format === 'table' && count === 0) terminal.err('Nothing found.\n');
  if (shape.format === 'json') await terminal.out(count === 0 ? ']\n' : '\n]\n');
  return count;
}

/** A misspelt field would be an empty column, as if no row had a value. */
function warnOfUnknown(terminal: Terminal, { fields }: Shape, rows: readonly Row[]): void {
  const unknown = fields.filter((field) => rows.every((row) => valueAt(row, field) === undefined));
  if (unknown.length === 0) return;
  const known = [...new Set(rows.flatMap((row) => fieldsOf(row)))];
  terminal.err(`No row has the field ${unknown.join(', ')}; the fields are ${known.join(', ')}\n`);
}

function fieldsOf(row: Row, prefix = ''): readonly string[] {
  return Object.entries(row).flatMap(([name, value]) =>
    isRecord(value) && !Array.isArray(value) ? fieldsOf(value, `${prefix}${name}.`) : [`${prefix}${name}`],
  );
}

/** Writes one object: in a table one line for each field, and one for each object of a list, such as the steps of a saga. */
export async function writeObject(terminal: Terminal, shape: Shape, row: Row): Promise<void> {
  if (shape.format === 'json') {
    if (shape.chosen) warnOfUnknown(terminal, shape, [row]);
    return terminal.out(`${JSON.stringify(picked(shape, row), null, 2)}\n`);
  }
  if (shape.format !== 'table') return void (await writeRows(terminal, shape, (async function* () { yield [row]; })())); // prettier-ignore
  if (shape.chosen) warnOfUnknown(terminal, shape, [row]);
  const width = Math.max(...shape.fields.map((field) => field.length));
  await terminal.out(
    shape.fields.map((field) => `${paint(terminal, 'grey', field.padEnd(width))}${GAP}${fieldText(valueAt(row, field), width)}\n`).join(''),
  );
}

function fieldText(value: unknown, indent: number): string {
  if (!Array.isArray(value) || !value.every(isRecord)) return cellText(value);
  const lines = value.map((item) =>
    Object.values(item)
      .filter((part) => part !== null && part !== '' && !['object', 'boolean'].includes(typeof part)) // a bare true has no meaning
      .map(cellText)
      .join(GAP),
  );
  return lines.join(`\n${' '.repeat(indent)}${GAP}`);
}

function rowText(shape: Shape, row: Row, isFirst: boolean): string {
  const cells = () => shape.fields.map((field) => valueAt(row, field));
  switch (shape.format) {
    case 'json':
      return `${isFirst ? '' : ','}\n${JSON.stringify(picked(shape, row))}`;
    case 'csv':
      return `${cells().map(csvCell).join(',')}\n`;
    case 'tsv':
      return `${cells().map(cellText).join('\t')}\n`;
    case 'name':
      return `${cellText(row.id ?? row.sequence ?? row.resource_id ?? valueAt(row, shape.fields[0] ?? ''))}\n`;
    default:
      return `${JSON.stringify(picked(shape, row))}\n`;
  }
}

function picked({ chosen, fields }: Shape, row: Row): unknown {
  return chosen ? Object.fromEntries(fields.map((field) => [field, valueAt(row, field) ?? null])) : row;
}

export function valueAt(row: Row, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (isRecord(value) ? value[key] : undefined), row);
}

function isRecord(value: unknown): value is Row {
  return typeof value === 'object' && value !== null;
}

/** Text on one line. Control characters of names are replaced, because a terminal would obey them. */
export function cellText(value: unknown): string {
  const text = value === null || value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);
  return text.replace(/\p{Cc}/gu, ' ');
}

/** A cell that a spreadsheet would take for a formula gets an apostrophe, as in the CSV files of the API. */
function csvCell(value: unknown): string {
  const text = cellText(value);
  const safe = typeof value === 'string' && /^[=+@-]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text;
  return /[",']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

interface Column {
  readonly head: string;
  readonly width: number;
  readonly hasFigures: boolean;
}

function columnOf(head: string, cells: readonly string[]): Column {
  const filled = cells.filter((cell) => cell !== '');
  return {
    head,
    width: Math.min(WIDEST, Math.max(head.length, ...cells.map((cell) => cell.length))),
    hasFigures: filled.length > 0 && filled.every((cell) => /^-?\d+(\.\d+)?$/.test(cell)),
  };
}

function tableLine(cells: readonly string[], columns: readonly Column[]): string {
  return columns
    .map(({ width, hasFigures }, at) => (hasFigures ? cells[at]?.padStart(width) : cells[at]?.padEnd(width)) ?? '')
    .join(GAP)
    .trimEnd();
}
