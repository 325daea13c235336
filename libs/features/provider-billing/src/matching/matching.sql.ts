import { INVOICE_NAMES, ownerIntervals } from '#libs/inventory';
import { UUID_PATTERN } from '#libs/kernel';

/**
 * Statements that match the lines of one invoice, in the order in which `InvoiceLineWriter` runs them. They work on temporary tables,
 * which disappear with the transaction. All are set-based.
 */

/** The lines of a document before they are matched. */
export const CREATE_STAGE = `
create temp table invoice_stage (
  line_no int, product text, kind text, target text, name text, region text, group_description text, description text, category text,
  project_name text, hours numeric, started_at timestamptz, ended_at timestamptz, amount numeric, is_tax boolean, extra jsonb) on commit drop`;

export const COPY_STAGE = `copy invoice_stage from stdin`;

/** The JSON items, which add to the document the provider's object that each line is about. */
export const CREATE_ITEMS = `
create temp table invoice_items (
  position bigint generated always as identity, product text, description text, started_at timestamptz, ended_at timestamptz, amount numeric,
  project_name text, ref_id text, ref_uuid text) on commit drop`;

/** $1 items as JSON rows. */
export const INSERT_ITEMS = `
insert into invoice_items (product, description, started_at, ended_at, amount, project_name, ref_id, ref_uuid)
select product, description, started_at, ended_at, amount, project_name, ref_id, ref_uuid
  from json_to_recordset($1::json) as i(product text, description text, started_at timestamptz, ended_at timestamptz, amount numeric,
    project_name text, ref_id text, ref_uuid text)`;

/** Some documents end a period at 23:59:59, others at the next midnight. Both become the same minute here. */
const moment = (column: string) => `date_trunc('minute', coalesce(${column}, '-infinity') + interval '1 second')`;

/**
 * Joins items to lines by product, description, times, amount and position among equal ones. Equal ones are ordered by project, so that an
 * item never passes its id to a line of another project. Where the document and the items have different numbers of them, no id is used.
 */
export const JOIN_ITEMS = `
create temp table invoice_refs on commit drop as
with line as (
  select line_no, product, description, ${moment('started_at')} as since, ${moment('ended_at')} as until, amount, target,
         row_number() over (equals order by coalesce(project_name, ''), line_no) as nth, count(*) over equals as n
    from invoice_stage
  window equals as (partition by product, description, ${moment('started_at')}, ${moment('ended_at')}, amount)),
item as (
  select ref_id, ref_uuid, product, description, ${moment('started_at')} as since, ${moment('ended_at')} as until, amount,
         row_number() over (equals order by coalesce(project_name, ''), position) as nth, count(*) over equals as n
    from invoice_items
  window equals as (partition by product, description, ${moment('started_at')}, ${moment('ended_at')}, amount))
select line_no, target, nullif(ref_id, '') as ref_id, nullif(ref_uuid, '') as ref_uuid
  from line join item using (product, description, since, until, amount, nth, n)
 where target is not null and coalesce(nullif(ref_id, ''), nullif(ref_uuid, '')) is not null`;

/** The forms in which the provider writes ids. In a URN the id follows the second colon. */
const NUMBER = `'^[0-9]+$'`;
const UUID = `'^${UUID_PATTERN}$'`;
const bareId = (ref: string) => `regexp_replace(${ref}, '^do:[^:]*:', '')`;

/**
 * The resources that the ids of the items belong to. $1 account. `decided`: the id has the form that ids of this kind have. When such an id
 * is unknown, its resource was deleted before inventory first saw it, so the line is never matched by name. The id on a line of backups is
 * either the droplet's or a backup's, and one number can be both: then the name decides, and without a match the line gets no resource.
 */
export const MATCH_BY_ID = `
create temp table invoice_ids on commit drop as
select f.line_no, coalesce(f.ref_id, f.ref_uuid) as ref, hit.id as resource_id,
       case when 'do:' in (left(f.ref_id, 3), left(f.ref_uuid, 3)) then 'urn' else 'provider_id' end as method,
       hit.id is not null or coalesce(direct.id, through.id) is not null or (case
         when f.target = 'droplet' then ${bareId('f.ref_id')} ~ ${NUMBER}
         when f.target = 'snapshot' then ${bareId('f.ref_id')} ~ ${NUMBER} or f.ref_uuid ~ ${UUID} or f.ref_id ~ ${UUID}
         when f.target in ('floating_ip', 'reserved_ipv6', 'spaces_bucket') then false
         else coalesce(${bareId('f.ref_uuid')} ~ ${UUID} or ${bareId('f.ref_id')} ~ ${UUID}, false) end) is true as decided
  from invoice_refs f
  join invoice_stage s using (line_no)
  left join lateral (
    select r.id, ${lowered('r.name')} as name from cloud_resources r
     where r.account_id = $1 and r.kind = f.target and r.provider_id in (${bareId('f.ref_id')}, ${bareId('f.ref_uuid')})
     order by r.provider_id = ${bareId('f.ref_id')} desc nulls last limit 1) direct on true
  left join lateral (
    select d.id, ${lowered('d.name')} as name
      from cloud_resources b join cloud_resources d on d.account_id = $1 and d.kind = 'droplet' and 'droplet/' || d.provider_id = b.parents[1]
     where s.kind = 'droplet_backup' and b.account_id = $1 and b.kind = 'droplet_backup'
       and b.provider_id = ${bareId('f.ref_id')} limit 1) through on true
  cross join lateral (
    select case when direct.id is null or through.id is null or direct.id = through.id then coalesce(direct.id, through.id)
                when direct.name = s.name and through.name <> s.name then direct.id
                when through.name = s.name and direct.name <> s.name then through.id end as id) hit`;

/** Used instead of `MATCH_BY_ID` when the invoice has no items with ids: the same table, empty. */
export const CREATE_EMPTY_IDS = `
create temp table invoice_ids (line_no int, ref text, resource_id uuid, method text, decided boolean) on commit drop`;

/** Every name that a resource ever had and some line uses, with the resource's lifetime and all projects it was ever in. $1 account. */
export const COLLECT_NAMES = `
create temp table invoice_names on commit drop as
select n.id as resource_id, n.kind as target, n.used_name as name, n.region, n.used_from, n.used_until,
       case when pg_input_is_valid(n.attrs ->> 'created_at', 'timestamptz') then (n.attrs ->> 'created_at')::timestamptz else '-infinity' end as created_at,
       coalesce(n.deleted_at, 'infinity') as deleted_at,
       array_append(coalesce(m.projects, '{}'), n.cloud_project_id) as projects,
       count(*) over (partition by n.kind, n.used_name) as namesakes
  from cloud_resource_names n
  left join (select kind, provider_id, array_agg(distinct project_id) as projects from cloud_project_members where account_id = $1 group by 1, 2) m
         on m.kind = n.kind and m.provider_id = n.provider_id
 where n.account_id = $1 and (n.kind, n.used_name) in (select target, name from invoice_stage where name is not null)`;

/** All projects that ever had the name. $1 account. */
export const COLLECT_PROJECTS = `
create temp table invoice_projects on commit drop as
select name, array_agg(project_id) as ids from cloud_project_names_over_time where account_id = $1 group by name`;

/** How far a line may reach beyond a lifetime: billing rounds to started hours, and inventory notices a deletion some minutes later. */
const SLACK = `interval '1 hour'`;

/** How far the times of the provider and of inventory may differ. */
const CLOCK_TOLERANCE = `interval '2 minutes'`;

/**
 * The resources that a line may be about: of its kind and name, existing while it ran, with that name for at least a part of the time, in
 * the line's region where its text names one, and not known to be in other projects only. $1 first day of the period. `score`: 2 when a
 * project agrees, and 1 more when the times fit exactly.
 */
const CANDIDATES = `
  select s.line_no, s.product, s.since, s.until, n.resource_id, n.namesakes, fit.project_agrees,
         fit.project_agrees::int * 2
         + (s.since >= n.created_at - ${CLOCK_TOLERANCE} and s.until <= n.deleted_at + ${CLOCK_TOLERANCE} and n.used_from < s.until and n.used_until >= s.until)::int as score
    from (select line_no, product, target, name, region, project_name, coalesce(started_at, $1::date) as since,
                 coalesce(ended_at, ($1::date + interval '1 month')) as until, started_at is not null and ended_at is not null as timed
            from invoice_stage
           where name is not null and not exists (select 1 from invoice_ids d where d.line_no = invoice_stage.line_no and d.decided)) s
    join invoice_names n on n.target = s.target and n.name = s.name
    left join invoice_projects p on p.name = s.project_name
   cross join lateral (select coalesce(p.ids && n.projects, false) as project_agrees) fit
   where (s.region is null or n.region is null or n.region = s.region)
     and (fit.project_agrees or p.ids is null or array_remove(n.projects, null) = '{}')
     and n.used_from < s.until + ${SLACK} and n.used_until > s.since - ${SLACK}
     and least(s.until, n.deleted_at) - greatest(s.since, n.created_at) >= case when s.timed then (s.until - s.since) / 2 else interval '1 second' end
     and (not s.timed or (s.since >= n.created_at - ${SLACK} and s.until <= n.deleted_at + ${SLACK}))`;

/** The kinds with one line for each part of a resource, such as the node pools of a cluster. The group of a line names the resource. */
const KINDS_WITH_PARTS = Object.keys(INVOICE_NAMES).filter((kind) => INVOICE_NAMES[kind]?.namedBy === 'group');

/** A line about a part of a resource. Others for the same time are no second claim. */
const IS_PART = `(kind in (${KINDS_WITH_PARTS.map((kind) => `'${kind}'`).join(', ')}) and group_description ~ '\\S')`;

/**
 * One resource per line, or none. A line that several resources fit equally well gets none. Where one resource would be billed twice for
 * the same time under one product, the line with its id counts, else the one with its project; if neither decides, none of these lines
 * gets it. Lines about parts of one resource do not bill it twice. $1 first day of the period. [BIL-7]
 */
export const MATCH_BY_NAME = `
create temp table invoice_hits on commit drop as
with candidate as (${CANDIDATES}),
chosen as (
  select line_no, product, since, until, resource_id, project_agrees, false as ambiguous from candidate where namesakes = 1
  union all
  select line_no, min(product), min(since), min(until), (array_agg(resource_id order by score desc))[1], (array_agg(project_agrees order by score desc))[1],
         count(*) > 1 and (array_agg(score order by score desc))[1] = (array_agg(score order by score desc))[2]
    from candidate where namesakes > 1 group by line_no),
claims as (
  select line_no, product, since, until, resource_id, case when project_agrees then 2 else 1 end as rank
    from chosen where not ambiguous and not exists (select 1 from invoice_stage p where p.line_no = chosen.line_no and ${IS_PART})
  union all
  select line_no, product, coalesce(started_at, $1::date), coalesce(ended_at, $1::date + interval '1 month'), resource_id, 3
    from invoice_ids join invoice_stage using (line_no) where resource_id is not null),
contested as (
  select distinct resource_id, product from (
    select resource_id, product, since, max(until) over (partition by resource_id, product order by since, until rows between unbounded preceding and 1 preceding) as before
      from claims) c
   where before - ${SLACK} > since),
billed_twice as (
  select line_no from (
    select line_no, rank, since, until,
           max(until) over earlier as any_until, max(until) filter (where rank >= 2) over earlier as certain_until,
           min(since) over later as any_since, min(since) filter (where rank >= 2) over later as certain_since
      from claims join contested using (resource_id, product)
    window earlier as (partition by resource_id, product order by since, until, line_no rows between unbounded preceding and 1 preceding),
           later as (partition by resource_id, product order by since desc, until desc, line_no desc rows between unbounded preceding and 1 preceding)) d
   where case rank
     when 1 then any_until - ${SLACK} > since or any_since + ${SLACK} < until
     when 2 then certain_until - ${SLACK} > since or certain_since + ${SLACK} < until
     else false end)
select line_no, case when not ambiguous and d.line_no is null then resource_id end as resource_id,
       case when ambiguous then 'ambiguous_resource' when d.line_no is not null then 'billed_twice' end as reason
  from chosen left join billed_twice d using (line_no)`;

/** The owners over time of the matched resources. A resource that never changed its owner has no row. */
export const COLLECT_OWNERS = `
create temp table invoice_owners on commit drop as
${ownerIntervals('resource_id in (select resource_id from invoice_ids union select resource_id from invoice_hits)')};
analyze invoice_hits; analyze invoice_owners`;

/**
 * Inserts the matched lines. $1 invoice, $2 account, $3 first day of the period. The tenant is the resource's owner at the line's end, else
 * the owner of the project that had the line's project name at that time. Before a resource was first seen its owner is not recorded, so
 * the project comes first. Taxes, credits and account-wide lines have no tenant. Resources are joined through `case`: under
 * row security `coalesce` prevents the index, and a few lines would read the whole inventory.
 */
export const INSERT_LINES = `
insert into cloud_cost_lines (invoice_id, line_no, product, kind, group_description, description, category, provider_ref, resource_id,
  match_method, match_reason, project_name, tenant_id, hours, started_at, ended_at, amount, is_tax, extra)
select $1, s.line_no, s.product, s.kind, nullif(s.group_description, ''), s.description, nullif(s.category, ''), d.ref,
       coalesce(d.resource_id, h.resource_id),
       case when d.resource_id is not null then d.method when h.resource_id is not null then 'name' when p.name is not null then 'project_name' end,
       case when d.resource_id is not null or h.resource_id is not null then null
            when s.kind = 'tax' then 'tax' when s.kind = 'credit' then 'credit' when s.kind = 'account' then 'account_wide'
            when s.kind = 'other' then 'unknown_product' when h.reason is not null then h.reason
            when d.decided then 'id_never_seen' when s.name is null then 'unnamed'
            when k.name is not null then 'no_namesake_then' else 'name_never_seen' end,
       nullif(s.project_name, ''),
       case when coalesce(s.ended_at, $3::date + interval '1 month') <= r.first_seen_at and r.owner_override is null
            then coalesce(p.tenant_id, case when o.resource_id is null then r.tenant_id else o.tenant_id end)
            else coalesce(case when o.resource_id is null then r.tenant_id else o.tenant_id end, p.tenant_id) end,
       s.hours, s.started_at, s.ended_at, s.amount, s.is_tax, s.extra
  from invoice_stage s
  left join invoice_ids d on d.line_no = s.line_no
  left join invoice_hits h on h.line_no = s.line_no
  left join cloud_resources r on r.id = case when d.resource_id is null then h.resource_id else d.resource_id end
  left join invoice_owners o on o.resource_id = r.id and coalesce(s.ended_at, $3::date + interval '1 month') > o.owned_from
        and coalesce(s.ended_at, $3::date + interval '1 month') <= o.owned_until
  left join (select distinct target, name from invoice_names) k on k.target = s.target and k.name = s.name
  left join cloud_project_names_over_time p on p.account_id = $2 and p.name = s.project_name and s.kind not in ('tax', 'credit', 'account')
        and coalesce(s.ended_at, $3::date + interval '1 month') > p.used_from and coalesce(s.ended_at, $3::date + interval '1 month') <= p.used_until`;

/** Sums of an invoice's lines. `value`: amounts without their signs, for the shares that the API returns. $1 invoice. */
export const SUM_LINES = `
select count(*)::int as lines, count(match_method)::int as matched, coalesce(sum(amount), 0)::text as amount,
       coalesce(sum(amount) filter (where is_tax), 0)::text as tax, coalesce(sum(abs(amount)), 0)::text as value,
       coalesce(sum(abs(amount)) filter (where tenant_id is not null), 0)::text as attributed
  from cloud_cost_lines where invoice_id = $1`;

/** Lines that are read to learn prices. More would say the same, and a large invoice has a million. */
const MOST_PRICED_LINES = 20_000;

/**
 * Set-based: what was charged for whole months of resources that had one product and size all the time. Equal ones are one row. Some
 * documents end a month with its last second. $1 invoice, $2 period.
 */
export const WHOLE_MONTHS = `
with month as (select $2::date::timestamp at time zone 'UTC' as since, ($2::date + interval '1 month') at time zone 'UTC' as until)
select distinct p.product, p.units::text as units, l.amount::text as amount
  from month m
 cross join (select * from cloud_cost_lines where invoice_id = $1 order by line_no limit ${MOST_PRICED_LINES}) l
  join resource_prices p on p.resource_id = l.resource_id and p.valid_from <= m.since and p.valid_to >= m.until
 where l.kind in ('droplet', 'volume', 'snapshot', 'load_balancer', 'floating_ip') and p.units > 0 and l.amount > 0
   and l.started_at <= m.since and l.ended_at >= m.until - interval '1 second'`;

/** `asciiLowercase` in SQL: folds ASCII letters only, in databases of every collation. */
function lowered(column: string): string {
  return `lower(${column} collate "C")`;
}
