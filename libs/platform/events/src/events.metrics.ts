import { AUDIT_LOG_STREAM } from '#libs/audit';
import type { DatabaseGauge } from '#libs/database';

/**
 * The digests of committed rows that the sequencer has not passed: those that the chain has not linked yet, and later links. They are few, so each is
 * looked up by itself: `offset 0` stops a plan that reads all digests. The last link is one whole subquery, as in `IS_BEHIND`.
 */
const UNNUMBERED = `
  (select digest_id from record_waiting
   union all select digest_id from record_chain where no > (select coalesce(max(last_link), 0) from event_sequencer)) u
  cross join lateral (select * from record_digests where id = u.digest_id offset 0) d`;

/** The distance between the last committed event and the last one with a number. Set-based: one statement each. */
export const EVENT_GAUGES: readonly DatabaseGauge[] = [
  {
    name: 'arcadia_events_unnumbered',
    help: 'Committed events that have no number yet, so that no reader of the feed gets them',
    labels: [],
    sql: `select coalesce(sum(d.row_count), 0) as value from ${UNNUMBERED} where d.stream <> '${AUDIT_LOG_STREAM.name}'`,
  },
  {
    name: 'arcadia_events_numbering_lag_seconds',
    help: 'Age of the oldest committed row that the sequencer of the feed has not passed; 0 without such rows',
    labels: [],
    sql: `select coalesce(extract(epoch from clock_timestamp() - min(d.last_at)), 0) as value from ${UNNUMBERED}`,
  },
];

/** The time up to which the feed has every committed event. Fenced: it reads the tables of the sequencer in one snapshot. */
export const COMPLETE_UNTIL = `select coalesce(min(d.last_at), clock_timestamp()) as as_of from ${UNNUMBERED}`;
