import { randomUUID } from 'node:crypto';

/** A connection of the services, or a session of the database owner. */
export interface SqlSession {
  query(text: string, values?: unknown[]): Promise<unknown>;
}

type Row = Readonly<Record<string, unknown>>;

/** Inserts one row as a past of the product left it, and returns its id. Objects become JSON. */
export async function insert(session: SqlSession, table: string, row: Row): Promise<string> {
  const columns = Object.keys(row);
  const places = columns.map((_, at) => `$${at + 1}`);
  const text = `insert into ${table} as t (${columns.join(', ')}) values (${places.join(', ')}) returning to_jsonb(t) ->> 'id' as id`;
  return (await rowsOf<{ id: string }>(session, text, Object.values(row)))[0]?.id ?? '';
}

/** Gives columns of one row other values, as time or a change outside the product does. */
export async function change(session: SqlSession, table: string, id: string, row: Row): Promise<void> {
  const sets = Object.keys(row).map((column, at) => `${column} = $${at + 2}`);
  await session.query(`update ${table} set ${sets.join(', ')} where id = $1`, [id, ...Object.values(row)]);
}

/**
 * Gives all tenants without own limits these, and no others. Tests of other subjects start more in a minute than the installed limits allow
 * in an hour.
 */
export async function limitTenants(session: SqlSession, limits: Row = {}): Promise<void> {
  await session.query(`delete from tenant_limits where tenant_id = 'default'`);
  await insert(session, 'tenant_limits', { tenant_id: 'default', changed_by: 'test', ...limits });
}

export async function countOf(session: SqlSession, table: string): Promise<number> {
  return (await rowsOf<{ n: number }>(session, `select count(*)::int as n from ${table}`))[0]?.n ?? 0;
}

/** The account to which the database is bound. */
export async function boundAccount(session: SqlSession): Promise<string> {
  const [account] = await rowsOf<{ id: string }>(session, 'select id from cloud_accounts');
  if (!account) throw new Error('no account is bound yet');
  return account.id;
}

export async function aProject(session: SqlSession, given: Row = {}): Promise<string> {
  return insert(session, 'cloud_projects', {
    account_id: given.account_id ?? (await boundAccount(session)),
    provider_id: randomUUID(),
    name: 'Acme',
    ...given,
  });
}

/** An active droplet, unless other columns are given. */
export async function aResource(session: SqlSession, given: Row = {}): Promise<string> {
  const { kind = 'droplet', provider_id = String(randomNumber()) } = given;
  return insert(session, 'cloud_resources', {
    account_id: given.account_id ?? (await boundAccount(session)),
    kind,
    provider_id,
    urn: `do:${String(kind)}:${String(provider_id)}`,
    status: 'active',
    attrs: {},
    content_hash: 'x',
    first_seen_at: '2026-01-01T00:00:00Z',
    last_seen_at: new Date(),
    ...given,
  });
}

export function anEvent(session: SqlSession, resourceId: string, given: Row = {}): Promise<string> {
  return insert(session, 'cloud_resource_events', { resource_id: resourceId, type: 'updated', source: 'sweep', changes: {}, ...given });
}

/** A saga that no worker has begun. */
export function aSaga(session: SqlSession, given: Row = {}): Promise<string> {
  return insert(session, 'saga_runs', { kind: 'demo', input: {}, steps: ['echo'], created_by: 'ada', ...given });
}

const randomNumber = () => 500_000_000 + Math.floor(Math.random() * 1_000_000);

/** `pg` returns a result, the services' database returns the rows. */
async function rowsOf<R>(session: SqlSession, text: string, values: unknown[] = []): Promise<R[]> {
  const result = (await session.query(text, values)) as R[] | { rows: R[] };
  return Array.isArray(result) ? result : result.rows;
}
