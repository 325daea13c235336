import type { Provider } from '@nestjs/common';
import { CONFIG, type Config } from '#libs/config';
import { gauge, type Reading } from '#libs/observability';
import { Database } from '../database';

/** A gauge that is a question to the database. Each feature declares those of its tables in one file and hands them to `databaseGauges`. */
export interface DatabaseGauge {
  /** `arcadia_…`, with its unit. */
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  /** One statement for all of it: a row per value, with a column per label and one called `value`. A row whose value is null is left out. */
  readonly sql: string;
  /** What stands for $1, $2, …, asked anew each time. */
  readonly values?: (config: Config) => readonly unknown[];
}

type Row = Readonly<Record<string, unknown>> & { readonly value: unknown };

/** For the `providers` of a module: shows the gauges in every process that has the module. One is read after the other, so that scrapes need one connection. */
export function databaseGauges(declared: readonly DatabaseGauge[]): Provider {
  return {
    provide: Symbol('database gauges'),
    inject: [Database, CONFIG],
    useFactory: (database: Database, config: Config) => {
      let before: Promise<unknown> = Promise.resolve();
      for (const { name, help, labels, sql, values } of declared) {
        gauge(name, help, labels, () => {
          const rows = before.then(() => database.query<Row>(sql, values?.(config)));
          before = rows.catch(() => undefined);
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
