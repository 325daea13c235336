import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Events for both owners of a resource that leaves a tenant. The `attributed` row of such a change names two owners, so only admins read it. A trigger
 * appends `resource.moved_out` for the former owner, and `resource.moved_in` for the new one, without the name of the other. It runs at the end of the
 * transaction, when the audit entry that has the actor is there, and for the writes of every release. Creating it locks `cloud_resource_events` against
 * writes for a moment.
 */
export class MovedResources1795000001321 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create function arcadia_append_moves() returns trigger language plpgsql as $$
      declare
        old_tenant text := new.changes -> 'tenant_id' ->> 'old';
        new_tenant text := new.changes -> 'tenant_id' ->> 'new';
      begin
        if old_tenant is null or old_tenant is not distinct from new_tenant then return null; end if;
        insert into events (type, tenant_id, actor, by_platform, source, subject_type, subject_id, subject_kind, resource_id, data)
        select side.type, side.tenant_id, writer.actor, coalesce(writer.by_platform, false), new.source, 'resource', new.resource_id::text,
               (select r.kind from cloud_resources r where r.id = new.resource_id), new.resource_id,
               case when new.changes ? 'effective_from' then jsonb_build_object('effective_from', new.changes -> 'effective_from' -> 'new') else '{}' end
          from (values ('resource.moved_out', old_tenant), ('resource.moved_in', new_tenant)) side(type, tenant_id)
          left join lateral (
            select a.actor, true as by_platform from audit_log a where new.source = 'admin' and a.id = new.sweep_id
            union all
            select s.created_by, s.by_platform or s.tenant_id is null from saga_runs s where new.source = 'saga' and s.id = new.sweep_id) writer on true
         where side.tenant_id is not null;
        return null;
      end $$;
      create constraint trigger moves_are_events after insert on cloud_resource_events deferrable initially deferred
        for each row when (new.type = 'attributed' and new.tenant_id is null) execute function arcadia_append_moves()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop trigger moves_are_events on cloud_resource_events; drop function arcadia_append_moves()');
  }
}
