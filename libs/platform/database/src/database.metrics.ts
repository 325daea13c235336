import { CONFIG, type Config } from '#libs/config';
import { gauge, type Reading } from '#libs/observability';
import type { Provider } from '@nestjs/common';
import { Database } from './database';

/** A gauge that reads its values from the database. Each feature declares those of its tables and passes them to `databaseGauges`. */
export interface DatabaseGauge {
  /** `arcadia_…`, with its unit. */
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  /** One statement for all values: a row per value, with a column per label and the column `value`. A row with a null value is skipped. */
  readonly sql: string;
  /** The values of $1, $2, …, computed for each reading. */
  readonly values?: (config: Config) => readonly unknown[];
}

type Row = Readonly<Record<string, unknown>> & { readonly value: unknown };

/**
 * A provider that registers the gauges in every process that has the module. The gauges are read one after the other, so that a scrape
 * needs only one connection.
 */
export function databaseGauges(declared: readonly DatabaseGauge[]): Provider {
  return {
    provide: Symbol('database gauges'),
    inject: [Database, CONFIG],
    useFactory: (database: Database, config: Config) => {
      let previous: Promise<unknown> = Promise.resolve();
      for (const { name, help, labels, sql, values } of declared) {
        gauge(name, help, labels, () => {
          const rows = previous.then(() => database.query<Row>(sql, values?.(config)));
          previous = rows.catch(() => undefined);
          return rows.then((all) => readingsOf(labels, all));
        });
      }
      return declared.length;
    },
  };
}

function readingsOf(labels: readonly string[], rows: readonly Row[]): Reading<string>[] {
  return rows
    .filter(({ value }) => value !== null)
    .map((row) => ({ labels: Object.fromEntries(labels.map((label) => [label, String(row[label])])), value: Number(row.value) }));
}
