import { AUDIT_LOG_STREAM, SEAL_RECORDS, type AppendOnlyStream } from '#libs/audit';
import { tryLockSession, type Session } from '#libs/database';
import { archiveFeed, EVENT_LOG_STREAM } from '#libs/events';
import { ArchiveBusyError } from '../inventory.errors';
import { VOLATILE_ATTRS } from '../kinds';

/**
 * Every stream that the chain covers: the tables with events, which are archived together, the record of the archived months, and the audit
 * log. A test compares the list with the schema's triggers.
 */
export const APPEND_ONLY_STREAMS: readonly AppendOnlyStream[] = [
  {
    name: 'events',
    table: 'cloud_resource_events',
    columns: 'seq, id, resource_id, tenant_id, type, source, at, changes, sweep_id',
    archivedMonths: 'cloud_event_months',
  },
  { ...EVENT_LOG_STREAM, archivedMonths: 'cloud_event_months' },
  { name: 'event_months', table: 'cloud_event_months', columns: 'seq, month, before, events, resources, at, by_whom' },
  { name: 'event_last_values', table: 'cloud_event_last_values', columns: 'seq, month, resource_id, last_values, at' },
  AUDIT_LOG_STREAM,
];

// All statements of this file are set-based and run in the session of an operator's command, as the owner of the tables.

/** About 10,000 rows at a sweep's 200 per page: a fraction of a second. */
const DIGESTS_PER_BATCH = 50;
const RECORDS_SEALED_PER_CALL = 1_000;

/** Whole months (UTC) to archive, oldest first, from the month of the oldest event on. $1 days that events are kept. */
const MONTHS_DUE = `
select m::date::text as month, (m + interval '1 month') at time zone 'UTC' as before
  from generate_series(
    coalesce((select max(month) + interval '1 month' from cloud_event_months),
             least((select date_trunc('month', at at time zone 'UTC') from cloud_resource_events order by seq limit 1),
                   (select date_trunc('month', at at time zone 'UTC') from events order by seq limit 1))),
    clock_timestamp() at time zone 'UTC', interval '1 month') m
 where (m + interval '1 month') at time zone 'UTC' <= clock_timestamp() - $1::int * interval '1 day'
 order by m`;

/** Counts the digests of events to archive that are not in the chain yet. $1 before. */
const UNLINKED = `
select count(*)::int as n from record_waiting w join record_digests d on d.id = w.digest_id where d.stream in ('events', 'feed') and d.last_at < $1`;

/**
 * Stores the values at the end of the month of every resource with an event in it. It undoes later events, so it must run before they are
 * deleted. $1 month, $2 before, $3 attributes without a history, by kind.
 */
const KEEP_LAST_VALUES = `
with touched as materialized (
  select distinct resource_id from cloud_resource_events
   where at < $2 and at >= (select coalesce(max(before), '-infinity') from cloud_event_months)),
kept as (
  insert into cloud_event_last_values (month, resource_id, last_values)
  select $1::date, i.id, jsonb_build_object('kind', i.kind, 'provider_id', i.provider_id, 'name', i.name, 'region', i.region, 'status', i.status,
           'size_slug', i.size_slug, 'tenant_id', i.tenant_id, 'project_id', i.cloud_project_id, 'attrs', i.attrs, 'deleted_at', i.deleted_at)
    from arcadia_inventory_at($2, $3) i join touched t on t.resource_id = i.id
  returning 1)
select count(*)::int as resources from kept`;

/**
 * Stores the month's summary and returns how many events it archives: all events of each digest that ended before.
 * $1 month, $2 before, $3 resources with stored last values.
 */
const KEEP_MONTH = `
insert into cloud_event_months (month, before, events, resources)
select $1::date, $2, coalesce(sum(row_count), 0), $3
  from record_digests where stream = 'events' and last_at < $2 and last_at >= (select coalesce(max(before), '-infinity') from cloud_event_months)
returning events::text`;

/** The end of the last archived month, and the number before the first row of the oldest digest that may still have rows. */
const FIRST_REMAINING = `
select (select max(before) from cloud_event_months) as before,
       ((select coalesce(min(seq), 0) from cloud_resource_events)
      - (select coalesce(max(upper(seqs) - first_seq), 0) from record_digests where stream = 'events') - 1)::text as after`;

/** Deletes the rows of the next digests that ended before. $1 first number of the previous digest, $2 before, $3 most digests. */
const DELETE_EVENTS = `
with part as (
  select first_seq, seqs from record_digests where stream = 'events' and first_seq > $1 and last_at < $2 order by first_seq limit $3),
deleted as (
  delete from cloud_resource_events e using part p cross join lateral unnest(p.seqs) r where e.seq >= lower(r) and e.seq < upper(r) returning 1)
select (select max(first_seq)::text from part) as upto, count(*)::int as removed from deleted`;

/** An archived month. */
export interface ArchivedMonth {
  readonly month: string;
  readonly events: string;
  readonly resources: number;
}

/**
 * Archives events of whole months older than `keepDays`, oldest first, as the table owner. Each month's summary and last values are
 * committed before its rows are deleted in batches, so the next run repairs a crash in between. Calls `onArchived` per month once the rows
 * are deleted. Throws `ArchiveBusyError` while another session archives. [INV-14]
 */
export async function archiveEvents(
  session: Session,
  keepDays: number,
  onArchived: (month: ArchivedMonth) => void = () => undefined,
): Promise<ArchivedMonth[]> {
  if (!(await tryLockSession(session, 'eventArchive'))) throw new ArchiveBusyError();
  const due = await session.query<{ month: string; before: Date }>(MONTHS_DUE, [keepDays]);
  const archived: ArchivedMonth[] = [];
  for (const { month, before } of due) {
    await linkDigests(session, before);
    archived.push(await storeMonth(session, month, before));
  }
  await deleteEvents(session);
  for (const month of archived) onArchived(month);
  return archived;
}

/** Links the digests of all events to archive into the chain. */
async function linkDigests(session: Session, before: Date): Promise<void> {
  for (;;) {
    const [unlinked] = await session.query<{ n: number }>(UNLINKED, [before]);
    if (unlinked?.n === 0) return;
    await session.query(SEAL_RECORDS, [RECORDS_SEALED_PER_CALL]);
  }
}

function storeMonth(session: Session, month: string, before: Date): Promise<ArchivedMonth> {
  return session.transaction(async (tx) => {
    const [kept] = await tx.query<{ resources: number }>(KEEP_LAST_VALUES, [month, before, JSON.stringify(VOLATILE_ATTRS)]);
    const resources = kept?.resources ?? 0;
    const [summary] = await tx.query<{ events: string }>(KEEP_MONTH, [month, before, resources]);
    return { month, resources, events: summary?.events ?? '0' };
  });
}

async function deleteEvents(session: Session): Promise<void> {
  const [start] = await session.query<{ before: Date | null; after: string }>(FIRST_REMAINING);
  if (!start?.before) return;
  await archiveFeed(session, start.before); // first, so that no number is without its row
  for (let after = start.after; ;) {
    const [part] = await session.query<{ upto: string | null }>(DELETE_EVENTS, [after, start.before, DIGESTS_PER_BATCH]);
    if (!part || part.upto === null) return;
    after = part.upto;
  }
}
