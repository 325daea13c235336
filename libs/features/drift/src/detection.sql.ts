import { appendFrom } from '#libs/events';
import { OWN_TAGS } from '#libs/provisioning';
import { isOpen } from '#libs/saga';

/** Matches all tags but ours, in any letter case, because the provider ignores the case of tags. */
const FOREIGN_TAGS = `$[*] ? (@.type() != "string" || !(@ like_regex "^(${OWN_TAGS.sagaPrefix}|${OWN_TAGS.managed}$)" flag "i"))`;
/** Matches all tags but ours, in the case in which we write them: five times as fast. */
const FOREIGN_TAGS_EXACT_CASE = `$[*] ? (@.type() != "string" || @ != "${OWN_TAGS.managed}" && !(@ starts with "${OWN_TAGS.sagaPrefix}"))`;

/**
 * Removes our own tags from a list of tags, because they are part of neither the desired state nor a drift. Other values stay unchanged.
 */
export const withoutOwnTags = (field: string, value: string): string =>
  `case when ${field} = 'tags' and jsonb_typeof(${value}) = 'array' then jsonb_path_query_array(${value}, '${FOREIGN_TAGS}') else ${value} end`;

/** Tags in lower case for the comparison: the provider ignores their case, so a revert could not change it. */
const inOneCase = (field: string, value: string): string =>
  `case when ${field} = 'tags' then lower(${value}::text)::jsonb else ${value} end`;

/** A fast check that covers the usual case of two equal lists of tags. When it is false, only `withoutOwnTags` can decide. */
const sameTags = (field: string, one: string, other: string): string => {
  const foreign = (value: string) => `jsonb_path_query_array(${value}, '${FOREIGN_TAGS_EXACT_CASE}')`;
  return `case when ${field} = 'tags' and jsonb_typeof(${one}) = 'array' and jsonb_typeof(${other}) = 'array'
    then arcadia_loosely_equal(${foreign(one)}, ${foreign(other)}) else false end`;
};

/**
 * The live value of a field of the desired state, from a row `r` of cloud_resources: the column first, then the attributes, with our own
 * tags. The provider reports backups as a feature, the desired state has a field for them. JSON null where the row does not know the
 * field.
 */
export const liveValue = (field: string): string => `coalesce(case ${field}
  when 'size_slug' then to_jsonb(r.size_slug) when 'region' then to_jsonb(r.region) when 'name' then to_jsonb(r.name)
  when 'status' then to_jsonb(r.status) when 'power' then case when r.kind = 'droplet' then case r.status when 'active' then '"on"'::jsonb when 'off' then '"off"'::jsonb end else r.attrs -> 'power' end when 'tenant_id' then to_jsonb(r.tenant_id)
  when 'backups' then case when r.kind = 'droplet' then to_jsonb(coalesce(r.attrs -> 'features' ? 'backups', false)) else r.attrs -> 'backups' end
  else r.attrs -> ${field} end, 'null')`;

/**
 * Whether an ignore rule that has not expired matches the drift `d` of the resource `r`. It is evaluated on every read, so a rule ends
 * without a write.
 */
export const IGNORED = `exists (select 1 from cloud_drift_rules g
  where (g.expires_at is null or g.expires_at > clock_timestamp()) and (g.tenant_id is null or g.tenant_id = r.tenant_id)
    and (g.kind is null or g.kind = r.kind) and (g.resource_id is null or g.resource_id = d.resource_id) and (g.field is null or g.field = d.field))`;

/** Found by the index on the resource of a saga, a column that the database copies from the input. */
const revertsOfKind = (kind: string): string => `
  select v.id, v.status, v.created_by, v.finished_at, ${isOpen('v')} as under_way from saga_runs v
   where v.kind = '${kind}' and v.resource_id = d.resource_id::text and v.input -> 'fields' ? d.field and v.created_at >= d.detected_at`;

/** The latest revert of a drift `d`, read from the sagas, because drift stores nothing about reverts. */
export const LATEST_REVERT = `
  select u.* from (${['revert_droplet', 'revert_product'].map(revertsOfKind).join(' union all ')}) u order by u.id desc limit 1`;

/**
 * The last complete sweep of each kind, the resources that an open saga has on hold, and the end of the last saga of each resource since
 * the oldest of these sweeps among the kinds of $2 that have resources. A resource that a saga is changing is not compared: the saga
 * records its desired state at the end. Nor is one with a sweep that began before its saga ended, because that sweep may show a state in
 * between. After a saga has failed, its resource is compared.
 * [DRF-2]
 * $1: the kinds with a list of their own; all others are swept with the projects. $2: the kinds that sagas may change.
 */
const SWEPT_AND_BUSY = `
swept as materialized (
  select k.kind, s.started_at, s.finished_at from unnest($1::text[] || 'project'::text) k(kind)
   cross join lateral (select c.started_at, c.finished_at from cloud_sweeps c where c.kind = k.kind and c.status = 'complete'
                        order by c.started_at desc limit 1) s),
busy as materialized (
  select h.resource from saga_holds h join saga_runs s on s.id = h.saga_id where ${isOpen('s')}),
saga_ends as materialized (
  select v.resource_id, max(v.finished_at) as at from saga_runs v
   where v.resource_id is not null and v.finished_at >= (
     select min(s.started_at) from swept s
      where s.kind = any ($2::text[]) and exists (select 1 from cloud_resources r where r.kind = s.kind and r.deleted_at is null))
   group by 1)`;

const COMPARED = `
  cloud_provisioned p join cloud_resources r on r.id = p.resource_id
  left join swept s on s.kind = case when r.kind = any ($1::text[]) then r.kind else 'project' end
  left join busy b on b.resource = r.kind || ':' || r.provider_id
  left join saga_ends e on e.resource_id = r.id::text`;

/**
 * A live row counts when the last complete sweep of its kind has listed it with these values: it has no strike, was not written since that
 * sweep ended, and the lag of lists has passed for a resource that a saga recorded. A tombstone counts, because it took three strikes and
 * a 404. [DRF-2]
 */
const CONFIRMED = `(r.deleted_at is not null or (r.stale_strike_count = 0 and r.recorded_at <= s.finished_at
   and (r.listed_by is null or r.listed_by <= s.started_at) and (e.at is null or e.at < s.started_at)))`;

/**
 * The image lost its slug, because the provider retired it or moved the slug to a newer build: the droplet then shows the image's number.
 * That is no drift. A snapshot, backup or custom image of ours in its place is a rebuild, and drift; so is no image at all.
 */
const RETIRED_IMAGE = `(f.key = 'image' and l.actual #>> '{}' ~ '^\\d+$' and l.expected #>> '{}' !~ '^\\d+$' and not exists (
   select 1 from cloud_resources i where i.kind in ('snapshot', 'droplet_backup', 'custom_image') and i.account_id = r.account_id and i.provider_id = l.actual #>> '{}')) is true`;

/** The image was ordered by its number, and the droplet shows the slug of that same image. */
const SAME_IMAGE = `(f.key = 'image' and l.expected #>> '{}' = r.attrs ->> 'image_id') is true`;

/**
 * Finds the drifts to open, to change and to close, and writes nothing. Without a change since the last detection it returns no row.
 * A field that matches again is `stale`, or `reverted` when a revert has finished and a later sweep has listed the value. [DRF-3] [DRF-5]
 * The price delta follows the size catalog; a size that has left the catalog keeps its last one.
 * Set-based: one statement compares all resources.
 */
export const FIND_CHANGES = `
with ${SWEPT_AND_BUSY},
found as materialized (
  select p.resource_id, p.version, f.key as field, l.expected, l.actual, p.spec ->> 'size_slug' as desired_size
    from ${COMPARED}
    cross join lateral jsonb_each(p.spec) f
    cross join lateral (select ${liveValue('f.key')} as actual offset 0) v
    cross join lateral (select ${withoutOwnTags('f.key', 'f.value')} as expected, ${withoutOwnTags('f.key', 'v.actual')} as actual) l
   where p.ended_at is null and b.resource is null and r.deleted_at is null and ${CONFIRMED}
     and f.value <> v.actual
     and case when ${sameTags('f.key', 'f.value', 'v.actual')} then false
              else not arcadia_loosely_equal(${inOneCase('f.key', 'l.expected')}, ${inOneCase('f.key', 'l.actual')}) end
     and not (f.key = 'power' and v.actual = 'null') -- neither on nor off, as while it is created
     and not ${RETIRED_IMAGE} and not ${SAME_IMAGE}
  union all
  select p.resource_id, p.version, 'missing', '"present"', '"deleted"', p.spec ->> 'size_slug'
    from ${COMPARED}
   where p.ended_at is null and b.resource is null and r.deleted_at is not null),
priced as (
  select f.*, d.id as drift_id, c.delta::text as monthly_price_delta
    from found f
    left join cloud_drift d on d.resource_id = f.resource_id and d.field = f.field and d.status = 'open'
    left join provider_sizes o on o.slug = f.desired_size
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
  join ${COMPARED} on p.resource_id = d.resource_id
  left join lateral (${LATEST_REVERT}) v on true
 where d.status = 'open' and b.resource is null
   and (p.ended_at is not null or ${CONFIRMED})
   and not exists (select 1 from found f where f.resource_id = d.resource_id and f.field = d.field and p.ended_at is null)`;

/**
 * SQL that appends the event of each drift of a relation. Only admins read one about the owner, because it names two tenants. The price
 * delta stays with the drift: tenants have other prices. [EVT-1]
 */
const appendEvents = (type: 'drift.opened' | 'drift.closed', relation: string): string => `
new_events as (
  select '${type}' as type, case when d.field <> 'tenant_id' then r.tenant_id end as tenant_id, d.closed_by as actor,
         d.closed_by is not null as by_platform, 'drift' as source, 'drift' as subject_type, d.id::text as subject_id, r.name as subject_name,
         r.kind as subject_kind, d.resource_id,
         jsonb_build_object('field', d.field, 'expected', d.expected, 'actual', d.actual, 'severity', d.severity, 'status', d.status) as data
    from ${relation} d join cloud_resources r on r.id = d.resource_id),
events as (${appendFrom('new_events')})`;

/**
 * Opens drifts while the desired state still has the version that was compared. A drift that is already open stays unchanged.
 * $1 drifts as JSON rows. Returns the new ones. Set-based: thousands of rows on a first detection.
 */
export const OPEN_DRIFTS = `
with opened as (
insert into cloud_drift (resource_id, field, expected, actual, spec_version, severity, monthly_price_delta)
select n.resource_id, n.field, coalesce(n.expected, 'null'), coalesce(n.actual, 'null'), n.spec_version, n.severity, n.monthly_price_delta
  from json_to_recordset($1::json) as n(resource_id uuid, field text, expected jsonb, actual jsonb, spec_version int, severity text,
       monthly_price_delta numeric)
  join cloud_provisioned p on p.resource_id = n.resource_id and p.version = n.spec_version and p.ended_at is null
on conflict (resource_id, field) where status = 'open' do nothing
returning *),
${appendEvents('drift.opened', 'opened')}
select resource_id, field, expected, actual from opened`;

/** Updates open drifts to the values just found. $1 drifts as JSON rows. Set-based. */
export const CHANGE_DRIFTS = `
update cloud_drift d
   set expected = coalesce(n.expected, 'null'), actual = coalesce(n.actual, 'null'), spec_version = n.spec_version, severity = n.severity,
       monthly_price_delta = n.monthly_price_delta,
       changed_at = case when d.actual = coalesce(n.actual, 'null') then d.changed_at else clock_timestamp() end
  from json_to_recordset($1::json) as n(drift_id uuid, expected jsonb, actual jsonb, spec_version int, severity text, monthly_price_delta numeric)
 where d.id = n.drift_id and d.status = 'open'
returning d.id`;

/**
 * Closes drifts. A reverted one names the operator who asked for the revert and the reason given, from the audit entry of the saga's start.
 * $1 ids, $2 the new status, $3 the statuses that may become it. Set-based: it closes all drifts of a detection.
 */
export const CLOSE_DRIFTS = `
with closed as (
update cloud_drift c
   set status = $2, closed_at = clock_timestamp(), closed_by = asked.created_by, reason = asked.reason
  from cloud_drift d
  left join lateral (
    select v.created_by, (select a.reason from audit_log a where a.action = 'saga_started' and a.target_type = 'saga' and a.target_id = v.id::text limit 1) as reason
      from (${LATEST_REVERT}) v where $2 = 'reverted') asked on true
 where c.id = d.id and c.id = any ($1::uuid[]) and c.status = any ($3::text[]) returning c.*),
${appendEvents('drift.closed', 'closed')}
select id from closed`;
