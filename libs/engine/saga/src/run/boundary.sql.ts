/**
 * Claims runs that are due and that nobody's lease covers, each for this worker alone: the epoch rises, and with it every write of a former
 * owner is refused. Runs with a step that this worker does not know are left to others (SAG-16).
 * $1 most, $2 lease ms, $3 owner, $4 kinds, $5 `<kind>/<step>` of all known steps.
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
returning r.id, r.kind, r.tenant_id, extract(epoch from r.created_at)::float8 * 1000 as created_ms, r.input, r.context, r.steps, r.status, r.step_idx, r.pivot_passed, r.cancel_requested, r.epoch::text, r.epoch > 1 as resumed,
  r.restored_at is not null as restored, r.traceparent, extract(epoch from clock_timestamp() - r.wake_at)::float8 * 1000 as late_ms`;

/**
 * The ledgers of runs that were just claimed. A statement of its own: the claim's would not see what a former owner recorded while the claim
 * waited for its row; from the claim on nobody else can add to them. $1 ids.
 */
export const READ_LEDGERS = `
select s.saga_id, s.step_idx, s.status, s.attempts, s.compensation_attempts, s.intent, s.output, s.error,
       extract(epoch from clock_timestamp() - s.started_at)::float8 * 1000 as age_ms,
       extract(epoch from clock_timestamp() - s.tried_since)::float8 * 1000 as trying_ms,
       extract(epoch from clock_timestamp() - s.compensating_since)::float8 * 1000 as compensating_ms
  from saga_steps s where s.saga_id = any ($1::uuid[]) order by s.saga_id, s.step_idx`;

/** Where a cancel came before the last step was recorded, the run does not end with it (SAG-12). Of a boundary `b` and its run `r`. */
const ENDS = `(b.final and not (b.status = 'completed' and r.cancel_requested and not b.pivot_passed))`;

/**
 * Step boundaries of any number of runs, one statement and one commit: ledger line, context, place, wake-up and lease together. What is not
 * answered was refused by the fence and wrote nothing. Everything is joined by run and epoch: a zombie's boundary may travel in the same batch
 * as its successor's. $1 boundaries as JSON rows, $2 lease ms.
 */
export const WRITE_BOUNDARIES = `
with b as materialized (
  select * from json_to_recordset($1::json) as b(saga_id uuid, epoch bigint, step_idx int, name text, context jsonb, step_status text, attempts int,
    compensation_attempts int, output jsonb, step_error jsonb, took_ms float8, status text, next_idx int, pivot_passed boolean,
    wake_in_ms float8, final boolean, settling boolean, error jsonb, leftovers jsonb, holds text[])),
moved as (
  update saga_runs r
     set status = case when b.final and not ${ENDS} then 'running' else b.status end, step_idx = b.next_idx, pivot_passed = b.pivot_passed, leftovers = b.leftovers, error = coalesce(b.error, r.error),
         context = case when b.context is null then r.context else r.context || b.context end,
         finished_at = case when ${ENDS} then clock_timestamp() end,
         wake_at = case when ${ENDS} then null
                        when b.wake_in_ms is null or (r.cancel_requested and b.status = 'running' and not b.pivot_passed and not b.settling) then clock_timestamp()
                        else clock_timestamp() + b.wake_in_ms * interval '1 millisecond' end,
         lease_until = case when ${ENDS} or b.wake_in_ms is not null then null else clock_timestamp() + $2 * interval '1 millisecond' end
    from b where r.id = b.saga_id and r.epoch = b.epoch and r.lease_until > clock_timestamp()
  returning r.id, r.epoch, r.cancel_requested, r.status),
told as (
  insert into saga_steps as s (saga_id, step_idx, name, status, attempts, compensation_attempts, output, error, started_at, tried_since, compensating_since, finished_at)
  select b.saga_id, b.step_idx, b.name, b.step_status, b.attempts, b.compensation_attempts, b.output, b.step_error,
         clock_timestamp() - b.took_ms * interval '1 millisecond', clock_timestamp() - b.took_ms * interval '1 millisecond',
         case when b.step_status in ('compensating', 'compensated', 'compensation_failed') then clock_timestamp() - b.took_ms * interval '1 millisecond' end,
         case when b.step_status not in ('running', 'waiting', 'compensating') then clock_timestamp() end
    from b join moved m on m.id = b.saga_id and m.epoch = b.epoch where b.step_idx is not null
  on conflict (saga_id, step_idx) do update
     set status = excluded.status, attempts = excluded.attempts, compensation_attempts = excluded.compensation_attempts,
         output = coalesce(excluded.output, s.output), error = case when excluded.status in ('completed', 'waiting') then excluded.error else coalesce(excluded.error, s.error) end,
         compensating_since = coalesce(s.compensating_since, excluded.compensating_since), finished_at = excluded.finished_at),
held as (
  insert into saga_holds (resource, saga_id)
  select distinct on (h) h, b.saga_id from b join moved m on m.id = b.saga_id and m.epoch = b.epoch, unnest(b.holds) h where m.status not in ('completed', 'rolled_back')
  on conflict do nothing),
freed as (
  delete from saga_holds h using moved m where h.saga_id = m.id and m.status in ('completed', 'rolled_back'))
select id, epoch::text, cancel_requested, status from moved`;

/** The lease check before a side effect. $1 run, $2 epoch. */
export const GUARD = `select 1 from saga_runs where id = $1 and epoch = $2 and lease_until > clock_timestamp()`;

/** Records what a step is about to do. Answers nothing when the lease is lost. $1 run, $2 epoch, $3 step index, $4 name, $5 intent, $6 begun ms ago. */
export const RECORD_INTENT = `
with held as (select id from saga_runs where id = $1 and epoch = $2 and lease_until > clock_timestamp() for share)
insert into saga_steps as s (saga_id, step_idx, name, status, intent, started_at, tried_since)
select id, $3, $4, 'running', $5::jsonb, clock_timestamp() - $6 * interval '1 millisecond', clock_timestamp() - $6 * interval '1 millisecond' from held
on conflict (saga_id, step_idx) do update set intent = excluded.intent
returning saga_id`;

/**
 * Prolongs the leases of runs in work. Rows that a boundary is being written for are passed over: that prolongs them too.
 * $1 ids, $2 epochs, $3 lease ms. Answers the ids that are still ours, those passed over included.
 */
export const RENEW = `
with mine as (select * from unnest($1::uuid[], $2::bigint[]) as m(id, epoch)),
held as (select r.id from saga_runs r join mine using (id, epoch) where r.lease_until > clock_timestamp() for update of r skip locked),
renewed as (
  update saga_runs r set lease_until = clock_timestamp() + $3 * interval '1 millisecond' from held where r.id = held.id)
select r.id from saga_runs r join mine using (id, epoch) where r.lease_until > clock_timestamp()`;

/** Gives a run back as it is, for another worker to go on with at once. $1 run, $2 epoch. */
export const HAND_BACK = `update saga_runs set lease_until = null where id = $1 and epoch = $2 and wake_at is not null`;
