import type { DatabaseGauge } from '#libs/database';

/** What scrapes ask of the runs. Those that ended well are not looked at: `saga_runs_due` and `saga_runs_gave_up` hold the others. */
export const SAGA_GAUGES: readonly DatabaseGauge[] = [
  {
    name: 'arcadia_sagas',
    help: 'Sagas that are not over well, by status',
    labels: ['kind', 'status'],
    sql: `select kind, status, count(*) as value
            from (select kind, status from saga_runs where wake_at is not null
                  union all select kind, status from saga_runs where status in ('failed', 'compensation_failed')) open
           group by 1, 2`,
  },
  {
    name: 'arcadia_saga_oldest_seconds',
    help: 'Age of the oldest saga that is under way, waiting ones too',
    labels: ['kind', 'status'],
    sql: `select kind, status, extract(epoch from clock_timestamp() - min(created_at)) as value from saga_runs
           where wake_at is not null group by 1, 2`,
  },
  {
    name: 'arcadia_saga_overdue_seconds',
    help: 'For how long the longest overdue saga has been due without a worker',
    labels: [],
    sql: `select coalesce(extract(epoch from clock_timestamp() - min(greatest(wake_at, lease_until))), 0) as value from saga_runs
           where wake_at < clock_timestamp() and (lease_until is null or lease_until < clock_timestamp())`,
  },
];
