import { createHash } from 'node:crypto';
import { domainError } from '#libs/kernel';
import type { QueryRunner } from 'typeorm';
import { MIGRATIONS_TABLE } from './schema-version';

/** A function or view of the schema. The library that owns it declares it in `src/functions/*.sql.ts`. */
export interface RepeatableSql {
  readonly kind: 'function' | 'view';
  /** Unique in the schema. Another signature needs another name, because the previous release calls this one. [OPS-5] */
  readonly name: string;
  /** `create or replace` of this one object, and its privileges. */
  readonly sql: string;
}

/** A definition with other parameters: PostgreSQL would keep the old function beside the new one, and calls would be ambiguous. */
export class SignatureChangedError extends domainError(
  'signature_changed',
  'invalid',
  (name: string) => `The definition of ${name} has other parameters than the function in the database. Give it a new name`,
) {}

/**
 * Creates or replaces the objects with a changed definition, and returns their names. One transaction; the caller holds the migration
 * lock and is the owner. The hash of a definition is the comment of its object, so it is deleted with the object, and only the owner
 * can change it. A build that lacks migrations of the database is older than the database, and changes nothing. [OPS-5]
 */
export async function applyRepeatableSql(
  runner: QueryRunner,
  objects: readonly RepeatableSql[],
  knownMigrations: readonly string[],
): Promise<string[]> {
  if (objects.length === 0 || (await hasOtherMigrations(runner, knownMigrations))) return [];
  const applied: string[] = [];
  await runner.startTransaction();
  try {
    for (const object of objects) if (await applyChanged(runner, object)) applied.push(object.name);
    await runner.commitTransaction();
    return applied;
  } catch (error) {
    await runner.rollbackTransaction().catch(() => undefined);
    throw error;
  }
}

async function applyChanged(runner: QueryRunner, object: RepeatableSql): Promise<boolean> {
  const { kind, name, sql } = object;
  const comment = `sha256 ${createHash('sha256').update(sql).digest('hex')} of the definition, written by migrate`;
  const before = await commentsOf(runner, object);
  if (before.length === 1 && before[0] === comment) return false;
  await runner.query(sql);
  if ((await commentsOf(runner, object)).length !== 1) throw new SignatureChangedError(name);
  await runner.query(`comment on ${kind} ${name} is '${comment}'`);
  return true;
}

/** The comments of the objects with this name: one, or several when functions have the same name. */
async function commentsOf(runner: QueryRunner, { kind, name }: RepeatableSql): Promise<(string | null)[]> {
  const rows = (await runner.query(kind === 'function' ? FUNCTION_COMMENTS : VIEW_COMMENTS, [name])) as { comment: string | null }[];
  return rows.map(({ comment }) => comment);
}

async function hasOtherMigrations(runner: QueryRunner, known: readonly string[]): Promise<boolean> {
  const rows = (await runner.query(OTHER_MIGRATIONS, [known])) as unknown[];
  return rows.length > 0;
}

/** Fenced: under the migration lock. */
const FUNCTION_COMMENTS = `
select obj_description(oid, 'pg_proc') as comment from pg_proc where proname = $1 and pronamespace = 'public'::regnamespace`;

/** Fenced: under the migration lock. */
const VIEW_COMMENTS = `
select obj_description(oid, 'pg_class') as comment from pg_class where relname = $1 and relkind = 'v' and relnamespace = 'public'::regnamespace`;

/** Fenced: under the migration lock. $1 names of the migrations that this build knows. */
const OTHER_MIGRATIONS = `select 1 from ${MIGRATIONS_TABLE} where name <> all ($1::text[]) limit 1`;
