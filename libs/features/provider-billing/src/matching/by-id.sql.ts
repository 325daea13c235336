import { lowered } from './names';

/** Forms in which the provider writes ids. A URN carries the id behind its second colon. */
const NUMBER = `'^[0-9]+$'`;
const UUID = `'^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'`;
const bare = (ref: string) => `regexp_replace(${ref}, '^do:[^:]*:', '')`;

/**
 * What the ids of the items lead to. \`decided\`: the id is in the form that this kind of resource has, so a line whose id nobody knows
 * is about something that was gone before we looked, never about a namesake. The id on a line of backups may be the droplet's or a backup's, and one
 * number may be both: then the name decides, or nobody. $1 account.
 */
export const MATCH_BY_ID = `
create temp table invoice_ids on commit drop as
select f.line_no, coalesce(f.ref_id, f.ref_uuid) as ref, hit.id as resource_id,
       case when 'do:' in (left(f.ref_id, 3), left(f.ref_uuid, 3)) then 'urn' else 'provider_id' end as method,
       hit.id is not null or coalesce(direct.id, through.id) is not null or (case
         when f.target = 'droplet' then ${bare('f.ref_id')} ~ ${NUMBER}
         when f.target = 'snapshot' then ${bare('f.ref_id')} ~ ${NUMBER} or f.ref_uuid ~ ${UUID} or f.ref_id ~ ${UUID}
         when f.target in ('floating_ip', 'reserved_ipv6', 'spaces_bucket') then false
         else coalesce(${bare('f.ref_uuid')} ~ ${UUID} or ${bare('f.ref_id')} ~ ${UUID}, false) end) is true as decided
  from invoice_refs f
  join invoice_stage s using (line_no)
  left join lateral (
    select r.id, ${lowered('r.name')} as name from cloud_resources r
     where r.account_id = $1 and r.kind = f.target and r.provider_id in (${bare('f.ref_id')}, ${bare('f.ref_uuid')})
     order by r.provider_id = ${bare('f.ref_id')} desc nulls last limit 1) direct on true
  left join lateral (
    select d.id, ${lowered('d.name')} as name
      from cloud_resources b join cloud_resources d on d.account_id = $1 and d.kind = 'droplet' and 'droplet/' || d.provider_id = b.parents[1]
     where s.kind = 'droplet_backup' and b.account_id = $1 and b.kind = 'droplet_backup'
       and b.provider_id = ${bare('f.ref_id')} limit 1) through on true
  cross join lateral (
    select case when direct.id is null or through.id is null or direct.id = through.id then coalesce(direct.id, through.id)
                when direct.name = s.name and through.name <> s.name then direct.id
                when through.name = s.name and direct.name <> s.name then through.id end as id) hit`;

/** Without items there are no ids: the same table, empty. */
export const NO_IDS = `
create temp table invoice_ids (line_no int, ref text, resource_id uuid, method text, decided boolean) on commit drop`;
