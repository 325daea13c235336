/** The most rows of one file, which a browser can still hold as a text. */
export const MOST_ROWS = 50_000;

type Cell = string | number | null | undefined;
/** The columns of a file: their names, and their cells. */
export type CsvColumns<Row> = readonly (readonly [string, (row: Row) => Cell])[];

/** Text that a spreadsheet would take for a formula begins with an apostrophe; numbers stay numbers. */
function cellText(cell: Cell): string {
  const text = String(cell ?? '');
  const safe = /^[=+\-@\t\r]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const lineText = (cells: readonly Cell[]): string => `${cells.map(cellText).join(',')}\r\n`;

/** RFC 4180 with a header line. Pure. */
export const csvText = <Row>(columns: CsvColumns<Row>, rows: readonly Row[]): string =>
  [lineText(columns.map(([name]) => name)), ...rows.map((row) => lineText(columns.map(([, cell]) => cell(row))))].join('');

interface PageOfRows<Row> {
  readonly data: readonly Row[];
  readonly page: { readonly next_cursor: string | null };
}

export type ReadPage<Row> = (cursor: string | undefined, signal: AbortSignal) => Promise<PageOfRows<Row>>;

/** All rows of a filter, page by page, up to `most`. `isCut`: there are more. */
export async function allRows<Row>(
  read: ReadPage<Row>,
  { signal, onRows, most = MOST_ROWS }: { readonly signal: AbortSignal; readonly onRows?: (rows: number) => void; readonly most?: number },
): Promise<{ readonly rows: readonly Row[]; readonly isCut: boolean }> {
  const rows: Row[] = [];
  let cursor: string | undefined;
  do {
    const { data, page } = await read(cursor, signal);
    rows.push(...data);
    onRows?.(rows.length);
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined && rows.length < most);
  return { rows: rows.slice(0, most), isCut: cursor !== undefined || rows.length > most };
}
