import type { DatabaseGauge } from '#libs/database';

/** The digests that wait to be linked into the chain. Until a digest is linked, no head proves its rows. [INV-14] */
export const CHAIN_METRICS: readonly DatabaseGauge[] = [
  {
    name: 'arcadia_record_waiting_digests',
    help: 'Digests of rows that are not yet linked into the chain',
    labels: [],
    sql: `select count(*) as value from record_waiting`,
  },
  {
    name: 'arcadia_record_oldest_waiting_seconds',
    help: 'Age of the oldest rows with a digest that is not yet linked into the chain; 0 without such rows',
    labels: [],
    sql: `select coalesce((select extract(epoch from clock_timestamp() - d.last_at) from record_waiting w join record_digests d on d.id = w.digest_id
            order by w.digest_id limit 1), 0) as value`,
  },
];
