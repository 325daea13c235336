/** Whole months (UTC) that may leave and have not, oldest first, from that of the oldest event on. $1 days that events are kept. */
export const MONTHS_DUE = `
select m::date::text as month, (m + interval '1 month') at time zone 'UTC' as before
  from generate_series(
    coalesce((select max(month) + interval '1 month' from cloud_event_months),
             (select date_trunc('month', at at time zone 'UTC') from cloud_resource_events order by seq limit 1)),
    clock_timestamp() at time zone 'UTC', interval '1 month') m
 where (m + interval '1 month') at time zone 'UTC' <= clock_timestamp() - $1::int * interval '1 day'
 order by m`;

/** Digests whose rows would leave and that the chain does not hold yet. $1 before. */
export const UNLINKED = `
select count(*)::int as n from record_waiting w join record_digests d on d.id = w.digest_id where d.stream = 'events' and d.last_at < $1`;

/**
 * What was known at the end of the month of everything that something had happened to. Undoes what came later, so it must be done before
 * events leave. $1 month, $2 before, $3 attributes without a log, by kind.
 */
export const KEEP_LAST_VALUES = `
with touched as materialized (
  select distinct resource_id from cloud_resource_events
   where at < $2 and at >= coalesce((select max(before) from cloud_event_months), '-infinity')),
kept as (
  insert into cloud_event_last_values (month, resource_id, last_values)
  select $1::date, i.id, jsonb_build_object('kind', i.kind, 'provider_id', i.provider_id, 'name', i.name, 'region', i.region, 'status', i.status,
           'size_slug', i.size_slug, 'tenant_id', i.tenant_id, 'project_id', i.cloud_project_id, 'attrs', i.attrs, 'deleted_at', i.deleted_at)
    from arcadia_inventory_at($2, $3) i join touched t on t.resource_id = i.id
  returning 1)
select count(*)::int as resources from kept`;

/** $1 month, $2 before, $3 resources whose last values were kept. Answers how many events leave: all of each digest that ended before. */
export const KEEP_MONTH = `
insert into cloud_event_months (month, before, events, resources)
select $1::date, $2, coalesce(sum(row_count), 0), $3
  from record_digests where stream = 'events' and last_at < $2 and last_at >= coalesce((select max(before) from cloud_event_months), '-infinity')
returning events::text`;

/** Where the rows of the oldest digest that may still have some begin. */
export const FIRST_LEFT = `
select ((select coalesce(min(seq), 0) from cloud_resource_events)
      - (select coalesce(max(upper(seqs) - first_seq), 0) from record_digests where stream = 'events') - 1)::text as after`;

/** Removes the rows of the next digests that ended before. $1 first number of the digest before, $2 before, $3 most digests. */
export const REMOVE_EVENTS = `
with part as (
  select first_seq, seqs from record_digests where stream = 'events' and first_seq > $1 and last_at < $2 order by first_seq limit $3),
gone as (
  delete from cloud_resource_events e using part p cross join lateral unnest(p.seqs) r where e.seq >= lower(r) and e.seq < upper(r) returning 1)
select (select max(first_seq)::text from part) as upto, count(*)::int as removed from gone`;
