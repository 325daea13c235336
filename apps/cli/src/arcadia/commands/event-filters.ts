import type { Session } from '../session/session';

/** Options of every command that reads the stream of events. */
export const EVENT_FILTER_OPTIONS = {
  '--type <types>': 'types, with commas',
  '--kind <kinds>': 'kinds, with commas',
  '--tenant-id <id>': 'tenant',
  '--resource-id <id>': 'resource',
  '--actor <name>': 'who',
} as const;
const NAMES = ['type', 'kind', 'tenantId', 'resourceId', 'actor'] as const;

/** The given filters, by the names of the query parameters. */
export function eventFilters(session: Session): Record<string, string> {
  const given = NAMES.flatMap((name) => {
    const value = session.text(name);
    return value === undefined ? [] : [[name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value] as const];
  });
  return Object.fromEntries(given);
}
