/**
 * The role that every process works as, whoever logs in: it owns nothing and row security applies to it.
 * Made by `migrate`, granted to the login role of `DATABASE_URL`.
 */
export const SERVICE_ROLE = 'arcadia_service';

/** Row security shows nothing unless a connection or transaction says whose rows it may see. */
export const PLATFORM_SCOPE = 'platform';

/** Days begin at midnight UTC, and times are written one way, whatever the server is set to. */
const NOTATION = { TimeZone: 'UTC', DateStyle: 'ISO' };

/** Adds start-up settings to a PostgreSQL URL, keeping those it has. They hold from the first statement of each connection. */
export function withSettings(url: string, settings: Record<string, string>): string {
  const parsed = new URL(url);
  const added = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`);
  const options = [parsed.searchParams.get('options'), ...added].filter(Boolean).join(' ');
  parsed.searchParams.set('options', options);
  parsed.search = parsed.search.replaceAll('+', '%20'); // pg reads a plus sign as itself; the login before it stays untouched
  return parsed.toString();
}

/** The URL for connections that work as the service role without any scope: job queues, tenant transactions. */
export function serviceConnectionString(url: string): string {
  return withSettings(url, { role: SERVICE_ROLE, ...NOTATION });
}

/** The URL for connections of workers and admins: service role, platform scope. */
export function platformConnectionString(url: string): string {
  return withSettings(url, { role: SERVICE_ROLE, 'arcadia.scope': PLATFORM_SCOPE, ...NOTATION });
}
