import type { DatabaseGauge } from '#libs/database';

/** Whether what is recorded is linked into the chain soon after (INV-14). Until then no head vouches for it. */
export const RECORD_GAUGES: readonly DatabaseGauge[] = [
  {
    name: 'arcadia_record_waiting_digests',
    help: 'Digests of recorded rows that are not linked into the chain yet',
    labels: [],
    sql: `select count(*) as value from record_waiting`,
  },
  {
    name: 'arcadia_record_oldest_waiting_seconds',
    help: 'Age of the oldest rows whose digest is not linked into the chain yet; 0 when none waits',
    labels: [],
    sql: `select coalesce((select extract(epoch from clock_timestamp() - d.last_at) from record_waiting w join record_digests d on d.id = w.digest_id
            order by w.digest_id limit 1), 0) as value`,
  },
];
