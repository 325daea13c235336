import { ADVISORY_LOCKS, type Session } from '#libs/database';
import { VOLATILE_ATTRS } from '../queries/volatile-attrs';
import { ArchiveBusyError } from './archive.error';
import { FIRST_LEFT, KEEP_LAST_VALUES, KEEP_MONTH, MONTHS_DUE, REMOVE_EVENTS, UNLINKED } from './archive.sql';

/** About 10,000 rows at a sweep's 200 to the page: a fraction of a second. */
const DIGESTS_AT_ONCE = 50;
const SEALED_AT_ONCE = 1_000;

/** A month that has left. */
export interface ArchivedMonth {
  readonly month: string;
  readonly events: string;
  readonly resources: number;
}

/**
 * Lets events leave by whole months that ended more than `keepDays` ago (INV-14), oldest first; works as the owner of the tables. A month is first
 * written down, with the last values of what it touched, in one transaction; then its rows leave in small batches. Killed in between, the
 * next call removes what is left. Throws `ArchiveBusyError`.
 */
export async function archiveEvents(
  session: Session,
  keepDays: number,
  tell: (month: ArchivedMonth) => void = () => undefined,
): Promise<ArchivedMonth[]> {
  const [lock] = await session.query<{ ours: boolean }>(`select pg_try_advisory_lock(${ADVISORY_LOCKS.eventArchive}) as ours`);
  if (!lock?.ours) throw new ArchiveBusyError();
  const due = await session.query<{ month: string; before: Date }>(MONTHS_DUE, [keepDays]);
  const archived: ArchivedMonth[] = [];
  for (const { month, before } of due) {
    await linkAll(session, before);
    archived.push(await writeDown(session, month, before));
  }
  await removeEvents(session);
  for (const month of archived) tell(month);
  return archived;
}

/** What leaves must be in the chain. */
async function linkAll(session: Session, before: Date): Promise<void> {
  for (;;) {
    const [left] = await session.query<{ n: number }>(UNLINKED, [before]);
    if (left?.n === 0) return;
    await session.query('select arcadia_seal_records($1)', [SEALED_AT_ONCE]);
  }
}

function writeDown(session: Session, month: string, before: Date): Promise<ArchivedMonth> {
  return session.transaction(async (tx) => {
    const [kept] = await tx.query<{ resources: number }>(KEEP_LAST_VALUES, [month, before, JSON.stringify(VOLATILE_ATTRS)]);
    const resources = kept?.resources ?? 0;
    const [left] = await tx.query<{ events: string }>(KEEP_MONTH, [month, before, resources]);
    return { month, resources, events: left?.events ?? '0' };
  });
}

async function removeEvents(session: Session): Promise<void> {
  const [boundary] = await session.query<{ before: Date | null }>('select max(before) as before from cloud_event_months');
  const [start] = await session.query<{ after: string }>(FIRST_LEFT);
  if (!boundary?.before || !start) return;
  for (let after = start.after; ;) {
    const [part] = await session.query<{ upto: string | null }>(REMOVE_EVENTS, [after, boundary.before, DIGESTS_AT_ONCE]);
    if (!part || part.upto === null) return;
    after = part.upto;
  }
}
