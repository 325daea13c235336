/**
 * A member as the walk over the projects keeps it. One that is known already stays as it is. $1 account, $2 the provider's id of the project,
 * $3 kind, $4 provider id, $5 urn.
 */
export const JOIN_PROJECT = `
insert into cloud_project_members (account_id, project_id, kind, provider_id, urn, assigned_at)
select $1, p.id, $3, $4, $5, clock_timestamp() from cloud_projects p where p.account_id = $1 and p.provider_id = $2 and p.deleted_at is null
on conflict (account_id, kind, provider_id, project_id) where member_until is null do nothing`;

/** A tombstone with its event. $1 kind, $2 provider id, $3 saga or null. */
export const BURY = `
with gone as (
  select id, status as was from cloud_resources where kind = $1 and provider_id = $2 and deleted_at is null for update),
buried as (
  update cloud_resources r
     set status = 'deleted', deleted_at = clock_timestamp(), recorded_at = clock_timestamp(), changed_at = clock_timestamp()
    from gone where r.id = gone.id
  returning r.id, r.tenant_id, gone.was)
insert into cloud_resource_events (resource_id, tenant_id, type, source, changes, sweep_id)
select id, tenant_id, 'deleted', 'saga', jsonb_build_object('status', jsonb_build_object('old', was, 'new', 'deleted')), $3::uuid from buried`;

/** $1 saga, $2 action ids. */
export const ACTIONS_OF_SAGA = `
insert into cloud_saga_actions (saga_id, action_id) select $1, id from unnest($2::bigint[]) id on conflict do nothing`;
