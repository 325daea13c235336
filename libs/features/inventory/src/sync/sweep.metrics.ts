import type { DatabaseGauge } from '#libs/database';
import { SWEEPS } from '../kinds';
import { callIntervalsMs } from './sweep';
import { RECHECK_MS } from './sweep-ledger';

const kinds = SWEEPS.map(({ kind }) => kind);
const cadencesMs = SWEEPS.map(({ sync }) => sync.everyMs);

/**
 * The age and the size of the inventory. Set-based: each gauge covers all kinds with one statement. For a kind without a complete sweep it counts from
 * the first sweep of any kind. A list that is not available has no age: it is no alarm. [KND-2]
 */
export const SWEEP_GAUGES: readonly DatabaseGauge[] = [
  {
    name: 'arcadia_sweep_age_seconds',
    help: 'Time since the start of the last complete sweep of a kind',
    labels: ['kind'],
    sql: `with swept as (
            select w.kind, (select max(started_at) from cloud_sweeps c where c.kind = w.kind and c.status = 'complete') as complete,
                   (select min(started_at) from cloud_sweeps a where a.kind = w.kind) as first
              from unnest($1::text[]) w(kind)
             where coalesce((select status from cloud_sweeps l where l.kind = w.kind and l.status <> 'running' order by l.started_at desc limit 1), '') <> 'not_available')
          select kind, extract(epoch from clock_timestamp() - coalesce(complete, (select min(first) from swept))) as value from swept`,
    values: () => [kinds],
  },
  {
    name: 'arcadia_sweep_cadence_seconds',
    help: 'Intended interval between sweeps of a kind; longer for the droplets of a large account, a day for a list that the account does not use',
    labels: ['kind'],
    sql: `select w.kind, greatest(every_ms, call_ms * coalesce(done.calls, 0), case when done.unused then ${RECHECK_MS} end) / 1000 as value
            from unnest($1::text[], $2::float8[], $3::float8[]) w(kind, every_ms, call_ms)
            left join lateral (select calls, unused from cloud_sweeps c where c.kind = w.kind and c.status = 'complete' order by started_at desc limit 1) done on true`,
    values: ({ provider }) => [kinds, cadencesMs, callIntervalsMs(SWEEPS, provider)], // of one call: the interval grows with the number of calls
  },
  {
    name: 'arcadia_sweeps_suspect',
    help: '1 while the last sweep of a kind is suspect and waits for an admin',
    labels: ['kind'],
    sql: `select w.kind, case when last.status = 'suspect' then 1 else 0 end as value from unnest($1::text[]) w(kind)
           cross join lateral (select status from cloud_sweeps s where s.kind = w.kind and s.status <> 'running' order by started_at desc limit 1) last`,
    values: () => [kinds],
  },
  {
    name: 'arcadia_resources',
    help: 'Active resources by kind',
    labels: ['kind'],
    sql: `select kind, count(*) as value from cloud_resources where status <> 'deleted' group by kind`,
  },
  {
    name: 'arcadia_resources_unattributed',
    help: 'Active resources that belong to no tenant, by kind; 0 for a kind whose resources all do',
    labels: ['kind'],
    sql: `select kind, count(*) filter (where tenant_id is null) as value from cloud_resources where status <> 'deleted' group by kind`,
  },
];
