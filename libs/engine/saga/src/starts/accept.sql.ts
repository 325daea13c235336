/**
 * Accepts any number of starts, one statement: the run, what it holds from the beginning, and the key under which it was asked for. What another
 * run holds, or a key that is known, is left alone: `taken` then falls short of what was wanted, and whoever asked must roll back.
 * Holds and keys are taken in one order by everybody, so that two of these do not wait for each other. $1 starts as JSON rows.
 */
export const ACCEPT = `
with asked as materialized (
  select a.*, arcadia_uuid() as id from json_to_recordset($1::json) as a(nr int, kind text, tenant_id text, input jsonb, steps text[], created_by text, traceparent text,
    holds text[], scope text, key text, body_hash text) order by nr),
run as (
  insert into saga_runs (id, kind, tenant_id, input, steps, created_by, traceparent)
  select id, kind, tenant_id, input, steps, created_by, traceparent from asked order by nr returning id),
held as (
  insert into saga_holds (resource, saga_id) select h, id from asked, unnest(holds) h order by h on conflict do nothing returning saga_id),
keyed as (
  insert into saga_starts (scope, key, body_hash, saga_id) select scope, key, body_hash, id from asked where key is not null order by scope, key
  on conflict do nothing returning saga_id)
select asked.id, (select count(*)::int from held where held.saga_id = asked.id) + (select count(*)::int from keyed where keyed.saga_id = asked.id) as taken
  from asked join run on run.id = asked.id order by asked.nr`;
