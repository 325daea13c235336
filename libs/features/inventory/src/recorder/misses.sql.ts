/**
 * Active rows of a kind that a complete listing did not contain, with the figures that the vanish brake needs.
 * Rows written after the sweep began are not missing: whoever wrote them saw them later than the listing did.
 * What was first seen by its id, by a saga or because of the action feed, may be missing until lists must show it (INV-9).
 * A release covers what it listed until that is seen again, and for a bounded time (INV-5).
 * $1 account, $2 kind, $3 sweep started at, $4 listed provider ids, $5 kind of the sweeps, $6 how long a release covers, ms.
 */
export const MISSING_ROWS = `
with released as (
  select missed, max(s.started_at) as swept_at from cloud_sweeps s, unnest(s.missing) missed
   where s.kind = $5 and s.status = 'released' and s.released_at > clock_timestamp() - $6 * interval '1 millisecond' group by missed)
select clock_timestamp() as now,
       (select count(*)::int from cloud_resources where account_id = $1 and kind = $2 and deleted_at is null) as active_rows,
       coalesce((select json_agg(json_build_object('id', r.id, 'providerId', r.provider_id, 'strikes', r.stale_strike_count,
                                                   'lastStrikeAt', r.last_strike_at,
                                                   'covered', coalesce(l.swept_at > r.recorded_at, false)) order by r.provider_id)
          from cloud_resources r left join released l on l.missed = r.kind || '/' || r.provider_id
         where r.account_id = $1 and r.kind = $2 and r.deleted_at is null and r.recorded_at < $3
           and (r.listed_by is null or r.listed_by <= clock_timestamp())
           and not exists (select 1 from unnest($4::text[]) listed(id) where listed.id = r.provider_id)), '[]') as missing`;

/**
 * Strikes rows, once per statement, and turns the confirmed ones into tombstones with their event.
 * The first strike fills in when the row was last seen: with the last complete sweep before this one.
 * A row that was written in between is left alone. The transaction holds the sweep.
 * $1 sweep, $2 row ids to strike, $3 row ids to bury, $4 sweep started at.
 */
export const STRIKE_AND_TOMBSTONE = `
with struck as (
  update cloud_resources r
     set stale_strike_count = r.stale_strike_count + 1, last_strike_at = clock_timestamp(),
         last_seen_at = case when r.stale_strike_count > 0 then r.last_seen_at else greatest(r.last_seen_at, (
           select max(s.started_at) from cloud_sweeps s
            where s.kind = (select of.kind from cloud_sweeps of where of.id = $1) and s.status = 'complete' and s.started_at >= r.first_seen_at)) end
   where r.id = any ($2::uuid[]) and not r.id = any ($3::uuid[])
     and r.deleted_at is null and r.recorded_at < $4
  returning r.id),
buried as (
  update cloud_resources r
     set status = 'deleted', deleted_at = clock_timestamp(), recorded_at = clock_timestamp(), changed_at = clock_timestamp(),
         stale_strike_count = least(r.stale_strike_count + 1, 32767)
    from (select id, status as was from cloud_resources where id = any ($3::uuid[]) and deleted_at is null and recorded_at < $4 for update) gone
   where r.id = gone.id
  returning r.id, r.tenant_id, gone.was),
told as (
  insert into cloud_resource_events (resource_id, tenant_id, type, source, changes, sweep_id)
  select id, tenant_id, 'deleted', 'sweep', jsonb_build_object('status', jsonb_build_object('old', was, 'new', 'deleted')), $1 from buried),
counts as (select (select count(*) from struck) as struck, (select count(*) from buried) as buried)
update cloud_sweeps s set struck = s.struck + c.struck + c.buried, deleted = s.deleted + c.buried from counts c where s.id = $1`;

/**
 * Strikes what a released sweep missed and nobody has seen since, as far as the spacing allows. Placeholder kinds, which are
 * the kinds of a project sweep, have a spacing of their own. $1 sweep, $2 spacing ms, $3 most strikes.
 */
export const STRIKE_RELEASED = `
with struck as (
  update cloud_resources r
     set stale_strike_count = r.stale_strike_count + 1, last_strike_at = clock_timestamp(),
         last_seen_at = case when r.stale_strike_count > 0 then r.last_seen_at else greatest(r.last_seen_at, (
           select max(c.started_at) from cloud_sweeps c where c.kind = s.kind and c.status = 'complete' and c.started_at >= r.first_seen_at)) end
    from cloud_sweeps s, unnest(s.missing) missed
   where s.id = $1 and missed = r.kind || '/' || r.provider_id and r.account_id = s.account_id and r.deleted_at is null
     and r.recorded_at < s.started_at and r.stale_strike_count < $3
     and (r.last_strike_at is null or r.last_strike_at <= clock_timestamp() - $2 * interval '1 millisecond')
  returning r.id),
ledger as (
  update cloud_sweeps set struck = (select count(*) from struck) where id = $1)
select count(*)::int as struck from struck`;
