/** Rows of a walk, as the statements below read them. $1 account, $2 members as JSON rows. */
const WALKED = `
walked as (
  select * from jsonb_to_recordset($2::jsonb) as w("projectId" uuid, kind text, "providerId" text, urn text, "assignedAt" timestamptz, uncertain boolean))`;

/**
 * Members that were known and that a complete walk did not show where they were. `moved`: shown in another project now.
 * `contradicted`: its resource lives by its own kind's list, though no project shows it; the provider keeps every resource in some project,
 * so many of these mean that the walk was blind, not that the tenants are empty. A project that was not walked, because the
 * listing lacked it, keeps its members until it is known to be deleted. Who joined since the walk's sweep began is not missing: pages read
 * before a saga moved it say nothing of it. $3 kinds with a list of their own, $4 projects walked, $5 sweep started at.
 */
export const UNSEEN_MEMBERS = `
with ${WALKED}
select m.id, m.project_id, m.kind, m.provider_id, m.missed_walks, elsewhere.kind is not null as moved,
       coalesce(r.deleted_at is null and r.stale_strike_count = 0 and m.kind = any ($3::text[]), false) as contradicted,
       count(*) over (partition by m.project_id) = size.members as project_emptied
  from cloud_project_members m
  join cloud_projects p on p.id = m.project_id and (p.id = any ($4::uuid[]) or p.deleted_at is not null)
  join (select project_id, count(*) as members from cloud_project_members where member_until is null group by project_id) size
    on size.project_id = m.project_id
  left join (select distinct kind, "providerId", "projectId" from walked) here
    on here.kind = m.kind and here."providerId" = m.provider_id and here."projectId" = m.project_id
  left join (select distinct kind, "providerId" from walked where not uncertain) elsewhere
    on elsewhere.kind = m.kind and elsewhere."providerId" = m.provider_id
  left join cloud_resources r on r.account_id = m.account_id and r.kind = m.kind and r.provider_id = m.provider_id
 where m.account_id = $1 and m.member_until is null and m.member_since < $5 and here.kind is null`;

/**
 * Current members: new ones, and known ones about which something changed. The others are left out before the insert, because a
 * conflict locks its row, and writes that lock, even when there is nothing to update.
 */
export const KEEP_MEMBERS = `
with ${WALKED}
insert into cloud_project_members as m (account_id, project_id, kind, provider_id, urn, assigned_at)
select distinct on (w.kind, w."providerId", w."projectId") $1, w."projectId", w.kind, w."providerId", w.urn, w."assignedAt"
  from walked w
  left join cloud_project_members k on k.account_id = $1 and k.project_id = w."projectId" and k.kind = w.kind
                                   and k.provider_id = w."providerId" and k.member_until is null
 where not w.uncertain and (k.id is null or k.missed_walks > 0 or k.assigned_at is distinct from w."assignedAt")
 order by w.kind, w."providerId", w."projectId", w."assignedAt" desc nulls last
on conflict (account_id, kind, provider_id, project_id) where member_until is null do update
   set assigned_at = excluded.assigned_at, missed_walks = 0`;

/** A member that moved leaves at once, one that nobody shows any more with the second walk that misses it. $1 ids that moved, $2 ids missed. */
export const REMOVE_MEMBERS = `
update cloud_project_members m
   set missed_walks = m.missed_walks + 1,
       member_until = case when m.id = any ($1::uuid[]) or m.missed_walks >= 1 then clock_timestamp() end
 where m.id = any ($1::uuid[]) or m.id = any ($2::uuid[])`;

/** A released walk counts as the first that missed these lines (`member/<project>/<kind>/<provider id>`). $1 sweep. */
export const MISS_RELEASED_MEMBERS = `
update cloud_project_members m set missed_walks = greatest(m.missed_walks, 1)
  from cloud_sweeps s, unnest(s.missing) line
 where s.id = $1 and m.member_until is null and line = 'member/' || m.project_id || '/' || m.kind || '/' || m.provider_id`;
