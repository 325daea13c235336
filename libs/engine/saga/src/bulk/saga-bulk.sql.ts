/** Set-based: up to ten thousand items. $1 job, $2 sagas. */
export const FREEZE = `
insert into saga_bulk_items (job_id, nr, saga_id) select $1, t.nr, t.id from unnest($2::uuid[]) with ordinality t(id, nr)`;

/** Fenced by the lease: one worker has a job. The sagas that are due by the rate since `next_at`. $1 lease ms. */
export const CLAIM_JOB = `
update saga_bulk_jobs j set lease_until = clock_timestamp() + $1 * interval '1 millisecond'
 where j.id = (select id from saga_bulk_jobs where finished_at is null and next_at <= clock_timestamp()
                  and (lease_until is null or lease_until <= clock_timestamp()) order by next_at limit 1 for update skip locked)
returning j.id, j.verb, j.reason, j.created_by, j.created_by_role, j.lease_until::text as lease,
          1 + floor(extract(epoch from clock_timestamp() - j.next_at) * j.rate_per_minute / 60)::int as due`;

/** Set-based: the results of a page of jobs. $1 jobs. */
export const COUNT_RESULTS = `
select job_id, result, count(*)::int as count from saga_bulk_items where job_id = any($1::uuid[]) and result is not null group by 1, 2`;

export const DUE_ITEMS = `
select nr, saga_id from saga_bulk_items
 where job_id = $1 and result is null and (not_before is null or not_before <= clock_timestamp()) order by nr limit $2`;

/**
 * Fenced by the lease: the result of an item is written once, also when the job was stopped meanwhile. Without a result the item is put off. The time of the next saga moves by the rate; what a job missed while no
 * worker ran is not made up for by more than one second. $1 job, $2 item, $3 result, $4 code, $5 detail,
 * $6 ms until an item without a result is tried again, $7 lease.
 */
export const RECORD_RESULT = `
with job as (
  update saga_bulk_jobs set next_at = greatest(next_at, clock_timestamp() - interval '1 second') + interval '1 minute' / rate_per_minute,
         lease_until = greatest(lease_until, clock_timestamp() + interval '10 seconds')
   where id = $1 and lease_until = $7::timestamptz returning id, lease_until::text as lease, finished_at is not null as ended)
update saga_bulk_items i set result = $3::text, code = $4, detail = $5, at = case when $3::text is not null then clock_timestamp() end,
       not_before = clock_timestamp() + $6::float8 * interval '1 millisecond'
  from job where i.job_id = job.id and i.nr = $2 and i.result is null returning job.lease, job.ended`;

/** Fenced: ends the lease, and the job when nothing is left. Where all items are put off, the job waits for the first. $1 job, $2 lease. */
export const RELEASE_JOB = `
update saga_bulk_jobs j set lease_until = null,
       next_at = greatest(j.next_at, (select min(coalesce(i.not_before, j.next_at)) from saga_bulk_items i where i.job_id = j.id and i.result is null)),
       finished_at = case when exists (select 1 from saga_bulk_items i where i.job_id = j.id and i.result is null) then j.finished_at
                          else coalesce(j.finished_at, clock_timestamp()) end
 where j.id = $1 and j.lease_until = $2::timestamptz`;
