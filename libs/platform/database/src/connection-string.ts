/**
 * The role that every process assumes, with any login role. It owns no table, and row security applies to it.
 * `migrate` creates it and grants it to the login role of `DATABASE_URL`.
 */
export const SERVICE_ROLE = 'arcadia_service';

/** The scope that sees all rows. Row security hides every row from a connection or transaction without a scope. */
export const PLATFORM_SCOPE = 'platform';

/** Days begin at midnight UTC, and times have one text form, independent of the server's settings. */
const NOTATION = { TimeZone: 'UTC', DateStyle: 'ISO' };

/** Adds start-up settings to a PostgreSQL URL and keeps its own settings. They apply from the first statement of each connection. */
export function withSettings(url: string, settings: Record<string, string>): string {
  const parsed = new URL(url);
  const added = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`);
  const options = [parsed.searchParams.get('options'), ...added].filter(Boolean).join(' ');
  parsed.searchParams.set('options', options);
  parsed.search = parsed.search.replaceAll('+', '%20'); // pg does not decode a plus sign as a space; the login part of the URL stays unchanged
  return parsed.toString();
}

/** The URL for connections as the service role without a scope: job queues, tenant transactions. */
export function serviceConnectionString(url: string): string {
  return withSettings(url, { role: SERVICE_ROLE, ...NOTATION });
}

/** The URL for connections of workers and administrators: service role, platform scope. */
export function platformConnectionString(url: string): string {
  return withSettings(url, { role: SERVICE_ROLE, 'arcadia.scope': PLATFORM_SCOPE, ...NOTATION });
}
