import type { EventSource } from './event-source';

/** The channel on which readers hear of new numbers. The payload is the last one. */
export const EVENTS_CHANNEL = 'arcadia_events';

/**
 * True while the chain has links that the sequencer has not passed. Fenced: it searches for work before a lease is claimed. The link is one whole
 * subquery: row security keeps a condition with a bare `coalesce` from the index, so that the whole chain would be read.
 */
export const IS_BEHIND = `
select exists (select from record_chain where no > (select coalesce(max(last_link), 0) from event_sequencer)) as behind`;

/**
 * Numbers the events of the next links, all or nothing, and notifies. Without rows the lease was lost, and nothing was written: the row of
 * the sequencer is locked first, so a process that was suspended beyond its lease finds the lease of another one. The lease ends when no
 * link is left. A link of a stream that this process does not know is not passed, nor is any after it: a newer release numbers them.
 * A reader that sees a number sees all lower ones, because the row's lock makes batches follow each other.
 * $1 lease, $2 most links, $3 known streams, $4 about how many rows, $5 length of the lease in ms. Fenced by the lease, and set-based.
 */
export const numberNextLinks = (sources: readonly EventSource[]): string => `
with mine as materialized (
  select last_sequence, last_link from event_sequencer
   where lease_until = $1::timestamptz and lease_until > clock_timestamp() for update),
next as materialized (
  select c.no, c.digest_id from record_chain c where c.no > (select last_link from mine) order by c.no limit $2),
read as (
  select n.no, d.stream, d.seqs, bool_and(d.stream = any ($3::text[])) over (order by n.no) as known,
         sum(d.row_count) over (order by n.no) - d.row_count as rows_before
    from next n join record_digests d on d.id = n.digest_id),
links as materialized (
  select no, stream, seqs from read where known and rows_before < $4::int),
found as materialized (${sources.map(eventsOf).join(' union all ')}),
numbered as (
  insert into event_numbers (sequence, source, event_id, at, type, tenant_id, resource_id, kind, actor, by_platform)
  select m.last_sequence + row_number() over (order by f.no, f.event_id), f.feed, f.event_id, f.at, f.type, f.tenant_id, f.resource_id,
         f.subject_kind, f.actor, f.by_platform
    from found f cross join mine m),
moved as (
  update event_sequencer s
     set last_sequence = s.last_sequence + (select count(*) from found), last_link = coalesce((select max(no) from links), s.last_link),
         lease_until = case when exists (select from links) then clock_timestamp() + $5::int * interval '1 millisecond' end
    from mine
  returning s.last_sequence, s.lease_until::text as lease)
select lease, (select count(*)::int from found) as numbered,
       case when exists (select from found) then pg_notify('${EVENTS_CHANNEL}', last_sequence::text) end as notified
  from moved`;

const eventsOf = ({ name, stream, rows }: EventSource): string => `
  select l.no, '${name}' as feed, e.event_id, e.at, e.type, e.tenant_id, e.resource_id, e.subject_kind, e.actor, e.by_platform
    from links l cross join unnest(l.seqs) r join (${rows}) e on e.event_id >= lower(r) and e.event_id < upper(r)
   where l.stream = '${stream}'`;
