import type { Client } from 'pg';
import type { Passwords } from './passwords';

/** The cluster's superuser: owns every database, migrates, bypasses row security. Never given to api or worker. */
export const OWNER_ROLE = 'arcadia_owner';

/** What api and worker log in as: owns nothing, cannot bypass row security; what it may touch is granted by the migrations. */
export const APP_ROLE = 'arcadia_app';

/** The driver takes 70 ms to load: callers begin with it while the server starts. */
export const loadDriver = () => import('pg');

/** Makes the app's role, or gives an existing one its password again. Statements stay out of the server's log: they carry it. */
export async function ensureAppRole(owner: Client, passwords: Passwords): Promise<void> {
  const { escapeIdentifier, escapeLiteral } = await loadDriver();
  const role = escapeIdentifier(APP_ROLE);
  await owner.query("set log_min_error_statement = 'panic'; set log_min_duration_statement = -1; set log_statement = 'none'");
  const known = await owner.query('select 1 from pg_roles where rolname = $1', [APP_ROLE]);
  const attributes = `login nosuperuser nobypassrls nocreatedb nocreaterole password ${escapeLiteral(passwords.app)}`;
  await owner.query(`${known.rowCount === 0 ? 'create' : 'alter'} role ${role} ${attributes}`);
}

/** Makes a database owned by the owner's role unless it exists. Only one launcher per cluster calls this, so nobody else is faster. */
export async function ensureDatabase(owner: Client, name: string): Promise<void> {
  const { escapeIdentifier } = await loadDriver();
  const known = await owner.query('select 1 from pg_database where datname = $1', [name]);
  if (known.rowCount === 0) await owner.query(`create database ${escapeIdentifier(name)} template template0`);
}

export function ownerUrl(passwords: Passwords, port: number, database: string): string {
  return urlOf(OWNER_ROLE, passwords.owner, port, database);
}

export function appUrl(passwords: Passwords, port: number, database: string): string {
  return urlOf(APP_ROLE, passwords.app, port, database);
}

/** The server has no certificate: PGSSLMODE, meant for other servers, must not ask it for one. */
function urlOf(role: string, password: string, port: number, database: string): string {
  return `postgres://${role}:${password}@127.0.0.1:${port}/${database}?sslmode=disable`;
}
