import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What the provider's action feed told, and the inventory as it was at a time. `arcadia_inventory_at` works as the owner, because a tenant's
 * past may lie in rows that are somebody else's today; it answers a tenant only what was the tenant's then (INV-13). It undoes what the log
 * says has happened since; volatile attributes (named by kind) have no log and are left out.
 * New objects only, but for the index on the log: building it waits for writers to pause once.
 */
export class ProviderActions1795000001005 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table cloud_provider_actions (
        account_id uuid not null references cloud_accounts,
        action_id bigint not null,
        action text not null,
        status text not null,
        kind text,
        provider_id text,
        started_at timestamptz,
        completed_at timestamptz,
        first_read_at timestamptz not null default clock_timestamp(),
        told_status text,
        primary key (account_id, action_id)
      );
      create index cloud_provider_actions_untold on cloud_provider_actions (account_id, first_read_at)
        where told_status is distinct from status and kind is not null;
      create index cloud_provider_actions_open on cloud_provider_actions (account_id, action_id) where status = 'in-progress';
      alter table cloud_provider_actions enable row level security;
      create policy platform on cloud_provider_actions using ((select arcadia_is_platform()));
      grant select, insert, update on cloud_provider_actions to arcadia_service;

      create index cloud_resource_events_by_time on cloud_resource_events using brin (at);
      create index cloud_resource_events_actions on cloud_resource_events (resource_id, seq) where type = 'provider_action';

      create function arcadia_inventory_at(moment timestamptz, volatile_attrs jsonb) returns table (
        id uuid, provider text, kind text, provider_id text, urn text, name text, region text, status text, size_slug text, tenant_id text,
        cloud_project_id uuid, attributed_by text, attributed_ref text, attrs jsonb, first_seen_at timestamptz, last_seen_at timestamptz,
        stale_strike_count smallint, deleted_at timestamptz, changed_at timestamptz)
      language sql stable security definer set search_path from current as $$
        with later as materialized (
          select e.resource_id, e.seq, e.type, e.changes from cloud_resource_events e where e.at > moment and e.type <> 'provider_action'),
        undone as (
          select f.resource_id, jsonb_object_agg(f.field, f.was) as was
            from (select distinct on (l.resource_id, c.key) l.resource_id, c.key as field, c.value -> 'old' as was
                    from later l cross join lateral jsonb_each(l.changes) c
                   where l.type in ('updated', 'tagged', 'restored', 'deleted', 'attributed')
                   order by l.resource_id, c.key, l.seq) f
           group by f.resource_id),
        born as (select l.resource_id from later l where l.type = 'discovered'),
        then_ as (
          select r.*, coalesce(u.was, '{}') as was, u.resource_id is not null as touched
            from cloud_resources r left join undone u on u.resource_id = r.id
           where r.first_seen_at <= moment and not exists (select 1 from born b where b.resource_id = r.id)),
        read as (
          select t.*,
                 case when was ? 'status' then was ->> 'status' else t.status end as status_then,
                 case when was ? 'tenant_id' then was ->> 'tenant_id' else t.tenant_id end as tenant_then,
                 case when was ? 'project_id' then (was ->> 'project_id')::uuid else t.cloud_project_id end as project_then
            from then_ t)
        select t.id, t.provider, t.kind, t.provider_id, t.urn,
               case when was ? 'name' then was ->> 'name' else t.name end,
               case when was ? 'region' then was ->> 'region' else t.region end,
               status_then,
               case when was ? 'size_slug' then was ->> 'size_slug' else t.size_slug end,
               tenant_then, project_then,
               case when was ?| array['tenant_id', 'project_id'] then case when project_then is null then 'fallback' else 'project' end else t.attributed_by end,
               case when was ?| array['tenant_id', 'project_id'] then project_then::text else t.attributed_ref end,
               (t.attrs - coalesce((select array_agg(v) from jsonb_array_elements_text(volatile_attrs -> t.kind) v), '{}'))
                 || (was - array['name', 'region', 'status', 'size_slug', 'tenant_id', 'project_id']),
               t.first_seen_at, least(t.last_seen_at, moment),
               case when touched then 0::smallint else t.stale_strike_count end,
               case when status_then = 'deleted' then coalesce(
                 (select max(d.at) from cloud_resource_events d where d.resource_id = t.id and d.type = 'deleted' and d.at <= moment), t.deleted_at) end,
               least(t.changed_at, moment)
          from read t
         where arcadia_is_platform() or tenant_then = arcadia_tenant();
      $$;
      revoke all on function arcadia_inventory_at(timestamptz, jsonb) from public;
      grant execute on function arcadia_inventory_at(timestamptz, jsonb) to arcadia_service;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop function arcadia_inventory_at(timestamptz, jsonb);
      drop index cloud_resource_events_actions, cloud_resource_events_by_time;
      drop table cloud_provider_actions;
    `);
  }
}
