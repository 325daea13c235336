import type { ClientBase } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { translateDatabaseError } from './database.errors';
import type { Queryable } from './queryable';

/** A transaction that inserts hundreds of thousands of rows. */
export interface BulkLoad extends Queryable {
  /**
   * Streams lines in COPY's text format into a table: `statement` is `copy <table> (<columns>) from stdin`. Lines are read only as fast
   * as PostgreSQL accepts them. An error of `lines` ends the COPY, writes nothing and is thrown unchanged.
   */
  copy(statement: string, lines: AsyncIterable<string>): Promise<void>;
}

export function bulkLoadOn(client: ClientBase, tx: Queryable): BulkLoad {
  return {
    ...tx,
    copy: async (statement, lines) => {
      let sourceError: unknown;
      const source = async function* () {
        try {
          yield* lines;
        } catch (error) {
          sourceError = error;
          throw error;
        }
      };
      try {
        await pipeline(Readable.from(source(), { objectMode: true, highWaterMark: 2 }), client.query(copyFrom(statement)));
      } catch (error) {
        throw sourceError ?? translateDatabaseError(error);
      }
    },
  };
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** One row in COPY's text format, with its line end. The text must be free of NUL, which PostgreSQL cannot store. */
export function copyRow(cells: readonly (string | number | boolean | null)[]): string {
  return `${cells.map(cell).join('\t')}\n`;
}

function cell(value: string | number | boolean | null): string {
  if (value === null) return '\\N';
  if (typeof value !== 'string') return String(value);
  return /[\\\t\n\r]/.test(value) ? value.replaceAll(/[\\\t\n\r]/g, (char) => ESCAPES[char] ?? char) : value;
}
