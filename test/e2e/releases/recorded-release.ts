import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseError, type Client } from 'pg';

/** One statement of a release, as the schema of that release understood it. */
export interface RecordedStatement {
  /** The libraries or apps that sent it. */
  readonly from: string;
  readonly scopes: readonly ('platform' | 'tenant')[];
  readonly text: string;
  /** The types of its parameters. */
  readonly parameters: readonly string[];
  /** The columns of its result with their types. They are absent where the sample failed on a missing foreign key. */
  readonly answers?: readonly string[];
  readonly sample?: readonly unknown[];
  /** The temporary tables that its transaction created before it. */
  readonly needs?: readonly { readonly text: string; readonly sample: readonly unknown[] }[];
}

/** The recorded releases, by the names of their folders. */
export const RELEASES = readdirSync(__dirname, { withFileTypes: true })
  .flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
  .toSorted();

/** PostgreSQL reports no parameter types for statements that create temporary tables. */
const MAKES_TABLES = /^\s*(create temp|analyze|truncate)/;
const FOREIGN_KEY_MISSING = '23503';
const DEADLOCK = '40P01';
/** The row of a sample may stand in this database already: the statement was understood, and inserts nothing twice. */
const standsAlready = ({ code, constraint }: DatabaseError) => code === '23505' && constraint?.endsWith('_pkey') === true;
/** A release repeats a transaction, or the job that sent it, after a deadlock with a migration. */
const MAX_DEADLOCKS = 3;

export function recorded(release: string, file: 'statements.json' | 'sagas.json' | 'openapi.json' | 'functions.json'): unknown {
  return JSON.parse(readFileSync(join(__dirname, release, file), 'utf8'));
}

/**
 * Returns the differences between this schema and the recorded one for a statement. It is executed unchanged, including
 * deferred triggers, as the service role, and rolled back. So tables, columns, types, functions, grants and triggers all
 * take part.
 */
export async function differences(on: Client, statement: RecordedStatement, deadlocks = 0): Promise<string[]> {
  const { text, parameters, answers, sample, needs = [] } = statement;
  const head = text.replaceAll(/\s+/g, ' ').trim().slice(0, 100);
  let types = parameters;
  await on.query('begin');
  try {
    for (const table of needs) await on.query({ text: table.text, values: [...table.sample] });
    types = MAKES_TABLES.test(text) ? parameters : await parameterTypes(on, text);
    const answered = [await on.query({ text, values: [...(sample ?? parameters.map(() => null))] })].flat(); // A text with several statements has several results.
    await on.query('set constraints all immediate');
    const columns = await withTypeNames(on, answered.at(-1)?.fields ?? []);
    return [...differs(head, 'parameters', parameters, types), ...(answers ? differs(head, 'answers', answers, columns) : [])];
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    if (error.code === DEADLOCK && deadlocks < MAX_DEADLOCKS) {
      await on.query('rollback');
      return await differences(on, statement, deadlocks + 1);
    }
    if (standsAlready(error)) return differs(head, 'parameters', parameters, types);
    return answers === undefined && error.code === FOREIGN_KEY_MISSING ? [] : [`${head}: ${error.message}`];
  } finally {
    await on.query('rollback');
    await on.query('deallocate all');
  }
}

async function parameterTypes(on: Client, text: string): Promise<readonly string[]> {
  await on.query(`prepare recorded as ${text}`);
  const { rows } = await on.query<{ types: string[] }>(
    `select parameter_types::text[] as types from pg_prepared_statements where name = 'recorded'`,
  );
  return rows[0]?.types ?? [];
}

async function withTypeNames(on: Client, fields: readonly { name: string; dataTypeID: number }[]): Promise<string[]> {
  const { rows } = await on.query<{ oid: number; typname: string }>('select oid::int, typname from pg_type where oid = any ($1::oid[])', [
    fields.map(({ dataTypeID }) => dataTypeID),
  ]);
  const names = new Map(rows.map(({ oid, typname }) => [oid, typname]));
  return fields.map(({ name, dataTypeID }) => `${name} ${names.get(dataTypeID)}`);
}

function differs(head: string, what: string, then: readonly string[], now: readonly string[]): string[] {
  return then.join(', ') === now.join(', ') ? [] : [`${head}: ${what} were (${then.join(', ')}) and are (${now.join(', ')})`];
}
