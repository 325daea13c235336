import { ADVISORY_LOCKS } from '#libs/database';

/**
 * Serialises the starts of these tenants until the transaction ends, in all processes. A statement counts what was committed before it began, so
 * without this lock two starts at the same moment would both find the last place free. Everybody takes the locks in the order of their names,
 * and before any row, so two transactions never wait for each other. $1 tenants.
 */
export const LOCK_TENANTS = `
select pg_advisory_xact_lock(${ADVISORY_LOCKS.tenantStarts})
  from (select distinct tenant from unnest($1::text[]) tenant order by tenant) tenants`;

/**
 * Accepts any number of starts, one statement: the run, what it holds from the beginning, and the key under which it was asked for. A start is left
 * out, and has no id in the answer, when its tenant has $2 open sagas with those before it; its tenant must be locked. What another run holds, or a
 * key that is known, is left alone: `taken` then falls short of what was wanted, and the caller must roll back.
 * Holds and keys are taken in one order by everybody, so that two of these do not wait for each other. $1 starts as JSON rows.
 */
export const ACCEPT = `
with asked as materialized (
  select a.*, arcadia_uuid() as id
    from (select a.*, row_number() over (partition by tenant_id order by nr) as nth
            from json_to_recordset($1::json) as a(nr int, kind text, tenant_id text, input jsonb, steps text[], created_by text, traceparent text,
                 holds text[], scope text, key text, body_hash text)) a order by nr),
under_way as (
  select t.tenant_id, (select count(*) from saga_runs r where r.tenant_id = t.tenant_id and r.wake_at is not null) as runs
    from (select distinct tenant_id from asked where tenant_id is not null) t),
fitting as materialized (
  select asked.* from asked left join under_way u on u.tenant_id = asked.tenant_id where asked.tenant_id is null or u.runs + asked.nth <= $2::int),
run as (
  insert into saga_runs (id, kind, tenant_id, input, steps, created_by, traceparent)
  select id, kind, tenant_id, input, steps, created_by, traceparent from fitting order by nr returning id),
held as (
  insert into saga_holds (resource, saga_id) select h, id from fitting, unnest(holds) h order by h on conflict do nothing returning saga_id),
keyed as (
  insert into saga_starts (scope, key, body_hash, saga_id) select scope, key, body_hash, id from fitting where key is not null order by scope, key
  on conflict do nothing returning saga_id)
select fitting.id, (select count(*)::int from held where held.saga_id = fitting.id) + (select count(*)::int from keyed where keyed.saga_id = fitting.id) as taken
  from asked left join fitting on fitting.nr = asked.nr order by asked.nr`;
