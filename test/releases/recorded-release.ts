import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseError, type Client } from 'pg';

/** One statement of a release, as its own schema understood it. */
export interface RecordedStatement {
  /** The room or rooms whose code sent it. */
  readonly from: string;
  readonly scopes: readonly ('platform' | 'tenant')[];
  readonly text: string;
  /** Types of its parameters. */
  readonly parameters: readonly string[];
  /** Columns of its answer, each with its type; none where the sample ran into a missing foreign key. */
  readonly answers?: readonly string[];
  readonly sample?: readonly unknown[];
}

const FOREIGN_KEY_MISSING = '23503';

export function recorded(release: string, file: 'statements.json' | 'openapi.json'): unknown {
  return JSON.parse(readFileSync(join(__dirname, release, file), 'utf8'));
}

/**
 * What this schema answers differently from the one it was recorded on; empty when it is the same. Executed as it was, deferred triggers
 * included, and rolled back, on a session of the service role: tables, columns, types, functions, grants and triggers all have their say.
 */
export async function differences(on: Client, { text, parameters, answers, sample }: RecordedStatement): Promise<string[]> {
  const head = text.replaceAll(/\s+/g, ' ').trim().slice(0, 100);
  await on.query('begin');
  try {
    await on.query(`prepare recorded as ${text}`);
    const types = await on.query<{ types: string[] }>(
      'select parameter_types::text[] as types from pg_prepared_statements where name = $1',
      ['recorded'],
    );
    const { fields } = await on.query({ text, values: [...(sample ?? parameters.map(() => null))] });
    await on.query('set constraints all immediate');
    const columns = await withTypeNames(on, fields);
    return [
      ...differs(head, 'parameters', parameters, types.rows[0]?.types ?? []),
      ...(answers ? differs(head, 'answers', answers, columns) : []),
    ];
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    return answers === undefined && error.code === FOREIGN_KEY_MISSING ? [] : [`${head}: ${error.message}`];
  } finally {
    await on.query('rollback');
    await on.query('deallocate all');
  }
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
