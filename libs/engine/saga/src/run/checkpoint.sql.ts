import { appendFrom } from '#libs/events';
import { UUID_PATTERN } from '#libs/kernel';
import { CLOSED_STATUSES, FAILED_STATUSES, FINAL_STATUSES, quoted } from '../saga.states';

const CLOSED = quoted(CLOSED_STATUSES);

/** SQL for the resource of a run `r`, as text: the one that its input names, else the one that it registered. */
export const RESOURCE_OF_RUN = `coalesce(r.input ->> 'resource_id', r.context -> 'register_droplet' ->> 'resource_id')`;

/** The columns of a run that the event of its end needs. */
const EVENT_COLUMNS =
  'r.kind, r.tenant_id, r.created_by, r.by_platform, r.input, r.context, r.error, r.leftovers, r.created_at, r.finished_at';

/**
 * The event of each run that a checkpoint ended, in the statement of the checkpoint; a failed run has a second one, because it waits for a person. A retried
 * run may end again. [EVT-1]
 */
const APPEND_ENDS = `,
ended as (
  select of_run.type, r.tenant_id, r.created_by as actor, r.by_platform or r.tenant_id is null as by_platform, 'saga' as source,
         'saga' as subject_type, r.id::text as subject_id,
         coalesce(r.input ->> 'name', r.input ->> 'dns_record_name' || ' in ' || (r.input ->> 'dns_domain')) as subject_name, r.kind as subject_kind,
         case when ${RESOURCE_OF_RUN} ~ '^${UUID_PATTERN}$' then (${RESOURCE_OF_RUN})::uuid end as resource_id,
         jsonb_strip_nulls(jsonb_build_object('error', case when r.status <> 'completed' then r.error end,
           'leftovers', nullif(jsonb_array_length(r.leftovers), 0),
           'duration_ms', round(extract(epoch from r.finished_at - r.created_at) * 1000))) as data
    from advanced r
   cross join lateral (values ('saga.' || r.status, true), ('saga.needs_attention', r.status in (${quoted(FAILED_STATUSES)}))) of_run(type, happens)
   where r.status in (${quoted(FINAL_STATUSES)}) and of_run.happens),
events as (${appendFrom('ended')})`;

/** What a claim returns of a run `r`. */
const CLAIMED = `r.id, r.kind, r.tenant_id, extract(epoch from r.created_at)::float8 * 1000 as created_ms, r.input, r.context, r.steps, r.status, r.step_idx, r.pivot_passed, r.cancel_requested,
  r.policy, r.version, r.epoch::text, r.epoch > 1 as resumed, r.restored_at is not null as restored, r.traceparent`;

/**
 * Claims due runs that have no valid lease, each for this worker alone. The claim raises the epoch, so every later write of the previous
 * owner is refused. Runs with a step that this worker does not know are skipped. [SAG-16]
 * $1 limit, $2 lease ms, $3 owner, $4 kinds, $5 `<kind>/<step>` of all known steps.
 * Fenced by the lease, and measured (docs/measurements.md S1).
 */
export const CLAIM_DUE = `
with due as (
  select r.id from saga_runs r
   where r.wake_at <= clock_timestamp() and (r.lease_until is null or r.lease_until <= clock_timestamp()) and r.kind = any ($4::text[])
     and not exists (select 1 from unnest(r.steps) step where not r.kind || '/' || step = any ($5::text[]))
   order by r.wake_at limit $1 for update skip locked)
update saga_runs r
   set epoch = r.epoch + 1, lease_owner = $3, lease_until = clock_timestamp() + $2 * interval '1 millisecond',
       status = case when r.status = 'pending' then 'running' else r.status end
  from due where r.id = due.id
returning ${CLAIMED}, extract(epoch from clock_timestamp() - r.wake_at)::float8 * 1000 as late_ms`;

/**
 * Claims one run for the change of a person, in its transaction, which then writes a checkpoint like a worker. A run that a worker has is
 * not claimed. $1 run, $2 lease ms. Fenced by the lease.
 */
export const CLAIM_FOR_PERSON = `
update saga_runs r
   set epoch = r.epoch + 1, lease_owner = null, lease_until = clock_timestamp() + $2 * interval '1 millisecond',
       status = case when r.status = 'failed' then 'running' else r.status end, finished_at = null, released_holds = '{}',
       cancel_requested = r.cancel_requested and r.status <> 'failed', wake_at = case when r.paused_at is not null then r.wake_at else clock_timestamp() end
 where r.id = $1 and (r.lease_until is null or r.lease_until <= clock_timestamp())
returning ${CLAIMED}, 0::float8 as late_ms`;

/**
 * Reads the ledgers of runs that were just claimed. This is a separate statement, because the claim's snapshot would miss lines that the
 * previous owner wrote while the claim waited for the row. After the claim no other worker can add a line. $1 ids.
 * Set-based, and measured (S1).
 */
export const READ_LEDGERS = `
select s.saga_id, s.step_idx, s.status, s.attempts, s.compensation_attempts, s.intent, s.output, s.error,
       extract(epoch from clock_timestamp() - s.started_at)::float8 * 1000 as age_ms,
       extract(epoch from clock_timestamp() - s.tried_since)::float8 * 1000 as trying_ms,
       extract(epoch from clock_timestamp() - s.compensating_since)::float8 * 1000 as compensating_ms
  from saga_steps s where s.saga_id = any ($1::uuid[]) order by s.saga_id, s.step_idx`;

/** Whether checkpoint `b` ends its run `r`. A run that was cancelled before its last step was recorded does not complete. [SAG-12] */
const ENDS = `(b.final and not (b.status = 'completed' and r.cancel_requested and not b.pivot_passed))`;

/** The reasons of waits that a try keeps. */
const MOST_WAITS = 50;

/**
 * The try of each checkpoint. A try that waits is one row, which counts its executions for each reason. It reads `b` and
 * `advanced` of the checkpoint statement.
 */
const RECORD_ATTEMPTS = `
  insert into saga_attempts as a (saga_id, step_idx, compensating, round, nr, started_at, ended_at, outcome, error, waits, worker, epoch)
  select b.saga_id, b.step_idx, b.undoing, b.round, b.nr, clock_timestamp() - b.took_ms * interval '1 millisecond', clock_timestamp(), b.outcome,
         case when b.why is null then b.step_error end,
         case when b.why is not null then jsonb_build_array(jsonb_build_object('why', b.why, 'since', clock_timestamp(), 'until', clock_timestamp(), 'executions', 1)) end,
         m.lease_owner, b.epoch
    from b join advanced m on m.id = b.saga_id and m.epoch = b.epoch where b.step_idx is not null
  on conflict (saga_id, step_idx, compensating, round, nr) do update
     set ended_at = excluded.ended_at, outcome = excluded.outcome, error = excluded.error, worker = excluded.worker, epoch = excluded.epoch,
         waits = case when excluded.waits is null then a.waits when a.waits is null then excluded.waits
                      when a.waits -> -1 ->> 'why' = excluded.waits -> 0 ->> 'why' or jsonb_array_length(a.waits) >= ${MOST_WAITS}
                        then a.waits - -1 || jsonb_build_array(a.waits -> -1 || jsonb_build_object('until', excluded.waits -> 0 -> 'until', 'executions', (a.waits -> -1 -> 'executions')::int + 1))
                      else a.waits || excluded.waits end`;

/** The calls at the provider of each checkpoint. */
const RECORD_CALLS = `,
calls as (
  insert into saga_provider_calls (saga_id, step_idx, compensating, at, method, path, status, ms, request_id)
  select b.saga_id, coalesce(b.step_idx, b.next_idx), coalesce(b.undoing, false), clock_timestamp() - c.ago_ms * interval '1 millisecond', c.method, c.path, c.status, c.ms, c.request_id
    from b join advanced m on m.id = b.saga_id and m.epoch = b.epoch,
         json_to_recordset(b.calls) as c(ago_ms float8, method text, path text, status int, ms int, request_id text)
   where b.calls is not null)`;

/**
 * Writes checkpoints of any number of runs in one statement: ledger line, context, step index, wake-up time and lease together. It returns
 * the written ones; the fence refused the others, which wrote nothing. All parts join by run and epoch, because a checkpoint of a worker
 * that lost its lease may be in the same batch as one of the new owner. $1 checkpoints as JSON rows, $2 lease ms.
 * Set-based, fenced by the lease, and measured (S1).
 */
const writeCheckpoints = (returned = '', more = '') => `
with b as materialized (
  select * from json_to_recordset($1::json) as b(saga_id uuid, epoch bigint, step_idx int, name text, context jsonb, step_status text, attempts int,
    compensation_attempts int, output jsonb, step_error jsonb, took_ms float8, status text, next_idx int, pivot_passed boolean,
    wake_in_ms float8, final boolean, settling boolean, error jsonb, leftovers jsonb, holds text[],
    undoing boolean, round int, nr int, outcome text, why text, calls json)),
advanced as (
  update saga_runs r
     set status = case when b.final and not ${ENDS} then 'running' else b.status end, step_idx = b.next_idx, pivot_passed = b.pivot_passed, leftovers = b.leftovers, error = coalesce(b.error, r.error),
         context = case when b.context is null then r.context else r.context || b.context end,
         finished_at = case when ${ENDS} then clock_timestamp() end,
         wake_at = case when ${ENDS} then null
                        when b.wake_in_ms is null or (r.cancel_requested and b.status = 'running' and not b.pivot_passed and not b.settling) then clock_timestamp()
                        else clock_timestamp() + b.wake_in_ms * interval '1 millisecond' end,
         lease_until = case when ${ENDS} or b.wake_in_ms is not null then null else clock_timestamp() + $2 * interval '1 millisecond' end
    from b where r.id = b.saga_id and r.epoch = b.epoch and r.lease_until > clock_timestamp()
  returning r.id, r.epoch, r.cancel_requested, r.status, r.paused_at, r.policy, r.lease_owner${returned}),
ledger_lines as (
  insert into saga_steps as s (saga_id, step_idx, name, status, attempts, compensation_attempts, output, error, started_at, tried_since, compensating_since, finished_at)
  select b.saga_id, b.step_idx, b.name, b.step_status, b.attempts, b.compensation_attempts, b.output, b.step_error,
         clock_timestamp() - b.took_ms * interval '1 millisecond', clock_timestamp() - b.took_ms * interval '1 millisecond',
         case when b.step_status in ('compensating', 'compensated', 'compensation_failed') then clock_timestamp() - b.took_ms * interval '1 millisecond' end,
         case when b.step_status not in ('running', 'waiting', 'compensating') then clock_timestamp() end
    from b join advanced m on m.id = b.saga_id and m.epoch = b.epoch where b.step_idx is not null
  on conflict (saga_id, step_idx) do update
     set status = excluded.status, attempts = excluded.attempts, compensation_attempts = excluded.compensation_attempts,
         output = coalesce(excluded.output, s.output), error = case when excluded.status in ('completed', 'skipped', 'waiting') then excluded.error else coalesce(excluded.error, s.error) end,
         compensating_since = coalesce(s.compensating_since, excluded.compensating_since), finished_at = excluded.finished_at),
attempts as (${RECORD_ATTEMPTS}),
acquired_holds as (
  insert into saga_holds (resource, saga_id)
  select distinct on (h) h, b.saga_id from b join advanced m on m.id = b.saga_id and m.epoch = b.epoch, unnest(b.holds) h where m.status not in (${CLOSED})
  on conflict do nothing),
released_holds as (
  delete from saga_holds h using advanced m where h.saga_id = m.id and m.status in (${CLOSED}))${more}
select id, epoch::text, cancel_requested, status, paused_at is not null as paused, policy from advanced`;

/** The statement for a batch. One in which a checkpoint may end its run appends the events of the ends. One with calls records them. */
export function checkpointStatement(mayEnd: boolean, hasCalls: boolean): { readonly name: string; readonly text: string } {
  return mayEnd ? STATEMENTS[hasCalls ? 'lastWithCalls' : 'last'] : STATEMENTS[hasCalls ? 'withCalls' : 'plain'];
}

const ENDING = `, ${EVENT_COLUMNS}`;
const STATEMENTS = {
  plain: { name: 'saga_checkpoints', text: writeCheckpoints() },
  withCalls: { name: 'saga_checkpoints_with_calls', text: writeCheckpoints('', RECORD_CALLS) },
  last: { name: 'saga_last_checkpoints', text: writeCheckpoints(ENDING, APPEND_ENDS) },
  lastWithCalls: { name: 'saga_last_checkpoints_with_calls', text: writeCheckpoints(ENDING, `${APPEND_ENDS}${RECORD_CALLS}`) },
};

/** The lease check before a side effect. $1 run, $2 epoch. Fenced by the lease. */
export const CHECK_LEASE = `select 1 from saga_runs where id = $1 and epoch = $2 and lease_until > clock_timestamp()`;

/**
 * Stores what a step is about to do. Returns no row when the lease is lost.
 * $1 run, $2 epoch, $3 step index, $4 name, $5 intent, $6 begun ms ago. Fenced by the lease.
 */
export const RECORD_INTENT = `
with leased as (select id from saga_runs where id = $1 and epoch = $2 and lease_until > clock_timestamp() for share)
insert into saga_steps as s (saga_id, step_idx, name, status, intent, started_at, tried_since)
select id, $3, $4, 'running', $5::jsonb, clock_timestamp() - $6 * interval '1 millisecond', clock_timestamp() - $6 * interval '1 millisecond' from leased
on conflict (saga_id, step_idx) do update set intent = excluded.intent
returning saga_id`;

/**
 * Renews the leases of running sagas. Rows that are locked by a checkpoint are skipped, because the checkpoint renews them too.
 * $1 ids, $2 epochs, $3 lease ms. Returns the ids that this worker still owns, including skipped ones.
 * Set-based, and fenced by the lease.
 */
export const RENEW_LEASES = `
with mine as (select * from unnest($1::uuid[], $2::bigint[]) as m(id, epoch)),
leased as (select r.id from saga_runs r join mine using (id, epoch) where r.lease_until > clock_timestamp() for update of r skip locked),
renewed as (
  update saga_runs r set lease_until = clock_timestamp() + $3 * interval '1 millisecond' from leased where r.id = leased.id)
select r.id from saga_runs r join mine using (id, epoch) where r.lease_until > clock_timestamp()`;

/** Ends the lease of an unfinished run, so that another worker can claim it at once. $1 run, $2 epoch. Fenced by the epoch. */
export const RELEASE_LEASE = `update saga_runs set lease_until = null where id = $1 and epoch = $2 and wake_at is not null`;
