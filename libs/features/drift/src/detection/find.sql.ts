import { inOneCase, liveValue, sameTags, withoutOwnTags } from '../comparison/live-value.sql';

/**
 * What may be judged now: specs that have not ended, of resources on which no saga is at work. A living row counts when the last complete sweep of its
 * kind, of whose list it is, has shown its values (DRF-2): it has no strike, nothing has written it since that sweep ended, and what a saga
 * registered has had the time that lists lag. A tombstone counts as it is: three strikes and a 404 stand behind it.
 * One droplet that a saga changes is not drifting: the saga will record what it ordered. Nor is one of which a sweep that began before its saga
 * had ended may have shown what the saga was doing or undoing. One whose saga gave up is judged.
 * $1: the kinds with a list of their own; all others are swept with the projects.
 */
const SWEPT_AND_BUSY = `
swept as materialized (
  select k.kind, s.started_at, s.finished_at from unnest($1::text[] || 'project'::text) k(kind)
   cross join lateral (select c.started_at, c.finished_at from cloud_sweeps c where c.kind = k.kind and c.status = 'complete'
                        order by c.started_at desc limit 1) s),
busy as materialized (
  select h.resource from saga_holds h join saga_runs s on s.id = h.saga_id where s.wake_at is not null),
left_alone as materialized (
  select v.input ->> 'resource_id' as resource_id, max(v.finished_at) as at from saga_runs v
   where v.finished_at >= (select started_at from swept where kind = 'droplet') and v.input ? 'resource_id' group by 1)`;

const JUDGED = `
  cloud_provisioned p join cloud_resources r on r.id = p.resource_id
  left join swept s on s.kind = case when r.kind = any ($1::text[]) then r.kind else 'project' end
  left join busy b on b.resource = r.kind || ':' || r.provider_id
  left join left_alone e on e.resource_id = r.id::text`;

const CONFIRMED = `(r.deleted_at is not null or (r.stale_strike_count = 0 and r.recorded_at <= s.finished_at
   and (r.listed_by is null or r.listed_by <= s.started_at) and (e.at is null or e.at < s.started_at)))`;

/**
 * An image that lost its slug, because the provider retired it or moved the slug on to a newer build, is still the one that was ordered: the droplet
 * then shows the image's number. One of our own snapshots or backups in its place is a rebuild, and drift; so is no image at all.
 */
const RETIRED_IMAGE = `(f.key = 'image' and l.actual #>> '{}' ~ '^\\d+$' and l.expected #>> '{}' !~ '^\\d+$' and not exists (
   select 1 from cloud_resources i where i.kind in ('snapshot', 'droplet_backup') and i.account_id = r.account_id and i.provider_id = l.actual #>> '{}')) is true`;

/** The latest revert of an open drift `d`, as the sagas themselves tell it. */
export const LATEST_REVERT = `
  select v.id, v.status, v.finished_at, v.wake_at is not null as under_way from saga_runs v
   where v.kind = 'revert_droplet' and v.input ->> 'resource_id' = d.resource_id::text and v.input -> 'fields' ? d.field and v.created_at >= d.detected_at
   order by v.id desc limit 1`;

/**
 * What has to be written so that the open drifts are again what differs: those to open, those whose values have changed, those to close. Answers
 * nothing when nothing has changed, and writes nothing in any case. A field that matches again is `stale`, or `reverted` where a revert has
 * finished and a sweep that began later has seen it (DRF-3, DRF-5). The price of a size is the catalogue's, as soon as that knows it; one that it
 * knows no more stays.
 */
export const FIND_CHANGES = `
with ${SWEPT_AND_BUSY},
found as materialized (
  select p.resource_id, p.version, f.key as field, l.expected, l.actual, p.spec ->> 'size_slug' as ordered_size
    from ${JUDGED}
    cross join lateral jsonb_each(p.spec) f
    cross join lateral (select ${liveValue('f.key')} as actual offset 0) v
    cross join lateral (select ${withoutOwnTags('f.key', 'f.value')} as expected, ${withoutOwnTags('f.key', 'v.actual')} as actual) l
   where p.ended_at is null and b.resource is null and r.deleted_at is null and ${CONFIRMED}
     and f.value <> v.actual
     and case when ${sameTags('f.key', 'f.value', 'v.actual')} then false
              else not arcadia_loosely_equal(${inOneCase('f.key', 'l.expected')}, ${inOneCase('f.key', 'l.actual')}) end
     and not ${RETIRED_IMAGE}
  union all
  select p.resource_id, p.version, 'missing', '"present"', '"deleted"', p.spec ->> 'size_slug'
    from ${JUDGED}
   where p.ended_at is null and b.resource is null and r.deleted_at is not null),
priced as (
  select f.*, d.id as drift_id, c.delta::text as monthly_price_delta
    from found f
    left join cloud_drift d on d.resource_id = f.resource_id and d.field = f.field and d.status = 'open'
    left join provider_sizes o on o.slug = f.ordered_size
    left join provider_sizes e on e.slug = f.expected #>> '{}'
    left join provider_sizes h on h.slug = f.actual #>> '{}'
    cross join lateral (select round(case f.field
           when 'missing' then - o.price_monthly
           when 'size_slug' then h.price_monthly - e.price_monthly end, 2) as delta) c
   where d.id is null or d.spec_version <> f.version or d.expected <> f.expected or d.actual <> f.actual
      or (c.delta is not null and c.delta is distinct from d.monthly_price_delta))
select case when drift_id is null then 'opened' else 'changed' end as what, drift_id, resource_id, field, expected, actual, version as spec_version,
       monthly_price_delta
  from priced
union all
select case when v.status = 'completed' and p.ended_at is null and r.deleted_at is null then 'reverted' else 'stale' end, d.id, d.resource_id, d.field, d.expected, d.actual, d.spec_version, null
  from cloud_drift d
  join ${JUDGED} on p.resource_id = d.resource_id
  left join lateral (${LATEST_REVERT}) v on true
 where d.status = 'open' and b.resource is null
   and (p.ended_at is not null or ${CONFIRMED})
   and not exists (select 1 from found f where f.resource_id = d.resource_id and f.field = d.field and p.ended_at is null)`;
