/** Billing rounds to started hours, and we notice a deletion some minutes after it: so far a line may reach beyond a lifetime. */
const SLACK = `interval '1 hour'`;
/** Times of provider and inventory may differ by seconds. */
const CLOSE = `interval '2 minutes'`;

/** Every name that a resource ever had, where some line uses it, with its lifetime and all projects it was ever in. $1 account. */
export const NAMES = `
create temp table invoice_names on commit drop as
select n.id as resource_id, n.kind as target, n.used_name as name, n.region, n.used_from, n.used_until,
       case when pg_input_is_valid(n.attrs ->> 'created_at', 'timestamptz') then (n.attrs ->> 'created_at')::timestamptz else '-infinity' end as born_at,
       coalesce(n.deleted_at, 'infinity') as gone_at,
       array_append(coalesce(m.projects, '{}'), n.cloud_project_id) as projects,
       count(*) over (partition by n.kind, n.used_name) as namesakes
  from cloud_resource_names n
  left join (select kind, provider_id, array_agg(distinct project_id) as projects from cloud_project_members where account_id = $1 group by 1, 2) m
         on m.kind = n.kind and m.provider_id = n.provider_id
 where n.account_id = $1 and (n.kind, n.used_name) in (select target, name from invoice_stage where name is not null)`;

/** All projects that ever had a name that stands on a line. $1 account. */
export const PROJECT_IDS = `
create temp table invoice_projects on commit drop as
select name, array_agg(project_id) as ids from cloud_project_names_over_time where account_id = $1 group by name`;

/**
 * The resources that a line may be about: of its kind and name, alive while it ran, called so at least for a part of it, in its region where the
 * text tells one, and not known to be of other projects only. \`score\`: does a project agree, does the time fit exactly.
 * $1 first day of the period.
 */
const CANDIDATES = `
  select s.line_no, s.product, s.since, s.until, n.resource_id, n.namesakes, fits.agrees,
         fits.agrees::int * 2
         + (s.since >= n.born_at - ${CLOSE} and s.until <= n.gone_at + ${CLOSE} and n.used_from < s.until and n.used_until >= s.until)::int as score
    from (select line_no, product, target, name, region, project_name, coalesce(started_at, $1::date) as since,
                 coalesce(ended_at, ($1::date + interval '1 month')) as until, started_at is not null and ended_at is not null as timed
            from invoice_stage
           where name is not null and not exists (select 1 from invoice_ids d where d.line_no = invoice_stage.line_no and d.decided)) s
    join invoice_names n on n.target = s.target and n.name = s.name
    left join invoice_projects p on p.name = s.project_name
   cross join lateral (select coalesce(p.ids && n.projects, false) as agrees) fits
   where (s.region is null or n.region is null or n.region = s.region)
     and (fits.agrees or p.ids is null or array_remove(n.projects, null) = '{}')
     and n.used_from < s.until + ${SLACK} and n.used_until > s.since - ${SLACK}
     and least(s.until, n.gone_at) - greatest(s.since, n.born_at) >= case when s.timed then (s.until - s.since) / 2 else interval '1 second' end
     and (not s.timed or (s.since >= n.born_at - ${SLACK} and s.until <= n.gone_at + ${SLACK}))`;

/**
 * One resource per line, or none. Where several fit equally well nobody can decide. Where a resource would be billed twice for the same time
 * under one product, its line is the one with its id or its project; if that does not tell them apart, none of them is taken.
 * $1 first day of the period.
 */
export const MATCH_BY_NAME = `
create temp table invoice_hits on commit drop as
with candidate as (${CANDIDATES}),
chosen as (
  select line_no, product, since, until, resource_id, agrees, false as ambiguous from candidate where namesakes = 1
  union all
  select line_no, min(product), min(since), min(until), (array_agg(resource_id order by score desc))[1], (array_agg(agrees order by score desc))[1],
         count(*) > 1 and (array_agg(score order by score desc))[1] = (array_agg(score order by score desc))[2]
    from candidate where namesakes > 1 group by line_no),
claims as (
  select line_no, product, since, until, resource_id, case when agrees then 2 else 1 end as rank from chosen where not ambiguous
  union all
  select line_no, product, coalesce(started_at, $1::date), coalesce(ended_at, $1::date + interval '1 month'), resource_id, 3
    from invoice_ids join invoice_stage using (line_no) where resource_id is not null),
contested as (
  select distinct resource_id, product from (
    select resource_id, product, since, max(until) over (partition by resource_id, product order by since, until rows between unbounded preceding and 1 preceding) as before
      from claims) c
   where before - ${SLACK} > since),
doubled as (
  select line_no from (
    select line_no, rank, since, until,
           max(until) over earlier as any_until, max(until) filter (where rank >= 2) over earlier as sure_until,
           min(since) over later as any_since, min(since) filter (where rank >= 2) over later as sure_since
      from claims join contested using (resource_id, product)
    window earlier as (partition by resource_id, product order by since, until, line_no rows between unbounded preceding and 1 preceding),
           later as (partition by resource_id, product order by since desc, until desc, line_no desc rows between unbounded preceding and 1 preceding)) d
   where case rank
     when 1 then any_until - ${SLACK} > since or any_since + ${SLACK} < until
     when 2 then sure_until - ${SLACK} > since or sure_since + ${SLACK} < until
     else false end)
select line_no, case when not ambiguous and d.line_no is null then resource_id end as resource_id,
       case when ambiguous then 'ambiguous_resource' when d.line_no is not null then 'billed_twice' end as reason
  from chosen left join doubled d using (line_no)`;
