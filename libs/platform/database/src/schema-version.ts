import { DomainError, errorCode } from '#libs/kernel';
import { DatabaseError } from 'pg';
import { migrations } from './migrations';
import type { Queryable } from './queryable';

/** The table of applied migrations. */
export const MIGRATIONS_TABLE = 'app_migrations';

/** The table of applied migrations does not exist or is not yet granted. */
const NOT_MIGRATED = new Set(['42P01', '42501']);

/** `reason` is a code: `migrations_missing`, the code of a `DomainError`, or the SQLSTATE of a refusal (wrong password, no such database). */
export interface SchemaState {
  readonly current: boolean;
  readonly reason?: string;
  readonly message?: string;
}

/** The schema is current once every migration of this build is applied. A newer schema serves the previous release too. [OPS-5] */
export async function schemaState(on: Queryable): Promise<SchemaState> {
  try {
    const rows = await on.query<{ missing: number }>(
      `select count(*)::int as missing from unnest($1::text[]) wanted(name)
        where not exists (select 1 from ${MIGRATIONS_TABLE} m where m.name = wanted.name)`,
      [migrations.map((migration) => migration.name)],
    );
    return rows[0]?.missing === 0 ? { current: true } : { current: false, reason: 'migrations_missing' };
  } catch (error) {
    if (error instanceof DomainError) return { current: false, reason: error.code, message: error.message };
    if (!(error instanceof DatabaseError)) return { current: false, reason: errorCode(error) };
    const state = error.code ?? '';
    return { current: false, reason: NOT_MIGRATED.has(state) ? 'migrations_missing' : `sqlstate_${state}` };
  }
}
