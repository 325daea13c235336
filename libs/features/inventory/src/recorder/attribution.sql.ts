/**
 * Whose a resource is, as SQL: the first that decides of its explicit owner, its project's tenant, the tenant that its
 * parents share, the fallback project. One text for new rows and for those looked at again, so that both always agree.
 * The project is the one that lists it as a member, else the one that its own list names: that is known earlier, and costs no call.
 *
 * `r` is the alias of a row with `account_id, kind, provider_id, parents, attrs, owner_override`.
 * Adds the lateral table `owner` (`tenant_id, project_id, by, ref`).
 */
export function ownerOf(r: string): string {
  return `
  left join lateral (
    select p.id as project_id, p.tenant_id
      from cloud_projects p
     where ${r}.attrs ? 'project_id' and p.account_id = ${r}.account_id and p.provider_id = ${r}.attrs ->> 'project_id' and p.deleted_at is null
  ) named on true
  left join lateral (
    select p.id as project_id, p.tenant_id
      from cloud_project_members m join cloud_projects p on p.id = m.project_id
     where m.account_id = ${r}.account_id and m.kind = ${r}.kind and m.provider_id = ${r}.provider_id and m.member_until is null
     order by m.assigned_at desc nulls last, m.member_since desc limit 1
  ) listed on true
  cross join lateral (
    select coalesce(listed.project_id, named.project_id) as project_id,
           case when listed.project_id is null then named.tenant_id else listed.tenant_id end as tenant_id
  ) member
  left join lateral (
    select min(k.tenant_id) as tenant_id, min(k.id::text) as ref, (array_agg(k.cloud_project_id order by k.id))[1] as project_id
      from unnest(${r}.parents) parent_ref
      cross join lateral (
        select id, tenant_id, cloud_project_id from cloud_resources
         where account_id = ${r}.account_id and kind = split_part(parent_ref, '/', 1) and provider_id = substr(parent_ref, strpos(parent_ref, '/') + 1)
           and tenant_id is not null offset 0) k
    having count(distinct k.tenant_id) = 1
  ) parent on true
  cross join lateral (
    select coalesce(${r}.owner_override, member.tenant_id, parent.tenant_id) as tenant_id,
           coalesce(member.project_id, parent.project_id,
             (select f.id from cloud_projects f where f.account_id = ${r}.account_id and f.is_fallback)) as project_id,
           case when ${r}.owner_override is not null then 'override' when member.tenant_id is not null then 'project'
                when parent.tenant_id is not null then 'parent' else 'fallback' end as by,
           case when ${r}.owner_override is not null then null when member.tenant_id is not null then member.project_id::text
                when parent.tenant_id is not null then parent.ref end as ref
  ) owner`;
}
