import { StreamableFile } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import { unparse } from 'papaparse';
import { Readable } from 'node:stream';

/** One page of a list and where the next one begins. */
export interface Rows<T> {
  readonly data: readonly T[];
  readonly page: { readonly next_cursor: string | null };
}

/** The columns of a file: header → the row's value. Values are text, numbers or null. */
export type Columns<T> = Readonly<Record<string, (row: T) => string | number | null>>;

/**
 * A list as a CSV file (RFC 4180, UTF-8), read and sent page by page. A cell that a spreadsheet would take for a formula is quoted with an
 * apostrophe (OPS-10). The first page is read before anything is sent, so that a refusal is an answer; a later failure breaks the connection
 * off, because a file that ends early looks whole.
 */
export async function csvDownload<T>(
  name: string,
  columns: Columns<T>,
  readPage: (cursor?: string) => Promise<Rows<T>>,
): Promise<StreamableFile> {
  const first = await readPage();
  const file = new StreamableFile(Readable.from(chunks(first, columns, readPage)), {
    type: 'text/csv; charset=utf-8',
    disposition: `attachment; filename="${name}"`,
  });
  return file.setErrorHandler((_error, response) => (response as unknown as ServerResponse).destroy());
}

async function* chunks<T>(first: Rows<T>, columns: Columns<T>, readPage: (cursor?: string) => Promise<Rows<T>>): AsyncGenerator<string> {
  yield lines([Object.keys(columns)]);
  for (let rows = first; ; rows = await readPage(rows.page.next_cursor ?? undefined)) {
    yield lines(rows.data.map((row) => Object.values(columns).map((valueOf) => valueOf(row))));
    if (rows.page.next_cursor === null) return;
  }
}

function lines(rows: readonly (readonly (string | number | null)[])[]): string {
  return rows.length === 0 ? '' : `${unparse(rows as (string | number | null)[][], { escapeFormulae: true, newline: '\r\n' })}\r\n`;
}
