import { StreamableFile } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import { unparse } from 'papaparse';
import { Readable } from 'node:stream';

/** One page of a list and the cursor of the next one. */
export interface CsvPage<T> {
  readonly data: readonly T[];
  readonly page: { readonly next_cursor: string | null };
}

/** The columns of a file: header → the row's value. Values are text, numbers or null. */
export type CsvColumns<T> = Readonly<Record<string, (row: T) => string | number | null>>;

/**
 * A list as a CSV file (RFC 4180, UTF-8), read and sent page by page. A cell that a spreadsheet would run as a formula gets an
 * apostrophe. [OPS-10] The first page is read before anything is sent, so a refusal is a problem response. A later failure
 * breaks the connection: a file that merely ends early would look complete.
 */
export async function csvDownload<T>(
  name: string,
  columns: CsvColumns<T>,
  readPage: (cursor?: string) => Promise<CsvPage<T>>,
): Promise<StreamableFile> {
  const first = await readPage();
  const file = new StreamableFile(Readable.from(chunks(first, columns, readPage)), {
    type: 'text/csv; charset=utf-8',
    disposition: `attachment; filename="${name}"`,
  });
  return file.setErrorHandler((_error, response) => (response as unknown as ServerResponse).destroy());
}

async function* chunks<T>(
  first: CsvPage<T>,
  columns: CsvColumns<T>,
  readPage: (cursor?: string) => Promise<CsvPage<T>>,
): AsyncGenerator<string> {
  yield lines([Object.keys(columns)]);
  for (let page = first; ; page = await readPage(page.page.next_cursor ?? undefined)) {
    yield lines(page.data.map((row) => Object.values(columns).map((valueOf) => valueOf(row))));
    if (page.page.next_cursor === null) return;
  }
}

function lines(rows: readonly (readonly (string | number | null)[])[]): string {
  return rows.length === 0 ? '' : `${unparse(rows as (string | number | null)[][], { escapeFormulae: true, newline: '\r\n' })}\r\n`;
}
