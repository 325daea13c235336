import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Three filters get an index that row security lets them use. The resource of a saga and the tenants of an audit entry become columns of their
 * own, which triggers fill, so that processes of the previous release write them too; the entries' new columns are no part of the chain. A
 * tag alone is always found by its index: the planner expects the same share of resources for every tag, and so left rare ones to the list.
 * Writes the new columns of all sagas and entries that have a value, and locks both tables meanwhile: some seconds for a million.
 */
export class FoundByIndex1795000001332 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(COLUMNS);
    await runner.query(TAGGED);
    await runner.query(
      found(`
  if pattern is null and living then -- the index has no tombstones
    return query select t.id from arcadia_resources_tagged(tag, living, most) t(id);
    return;
  end if;`),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(found(''));
    await runner.query(`
      drop function arcadia_resources_tagged(text, boolean, int);
      drop trigger place_entry on audit_log;
      drop function arcadia_place_entry();
      drop index audit_log_by_tenant;
      alter table audit_log drop column concerned_tenant, drop column previous_tenant;
      create index audit_log_of_tenant on audit_log ((details ->> 'tenant_id'), seq) where details ? 'tenant_id';
      drop trigger place_saga on saga_runs;
      drop function arcadia_place_saga();
      alter table saga_runs drop column resource_id;
      create index saga_runs_of_resource on saga_runs ((input ->> 'resource_id'), id);
    `);
  }
}

const COLUMNS = `
  drop index saga_runs_of_resource, audit_log_of_tenant;
  alter table saga_runs add column resource_id text;
  alter table saga_runs disable trigger user;
  update saga_runs set resource_id = input ->> 'resource_id' where input ->> 'resource_id' is not null;
  alter table saga_runs enable trigger user;
  create index saga_runs_of_resource on saga_runs (resource_id, id) where resource_id is not null;
  create function arcadia_place_saga() returns trigger language plpgsql as $$
  begin
    new.resource_id := new.input ->> 'resource_id';
    return new;
  end $$;
  create trigger place_saga before insert on saga_runs for each row execute function arcadia_place_saga();
  alter table audit_log add column concerned_tenant text, add column previous_tenant text;
  alter table audit_log disable trigger user;
  update audit_log set concerned_tenant = details ->> 'tenant_id', previous_tenant = details ->> 'previous_tenant_id'
   where details ->> 'tenant_id' is not null or details ->> 'previous_tenant_id' is not null;
  alter table audit_log enable trigger user;
  create index audit_log_by_tenant on audit_log (actor_tenant_id, seq) where actor_tenant_id is not null;
  create index audit_log_of_tenant on audit_log (concerned_tenant, seq) where concerned_tenant is not null;
  create index audit_log_of_previous_tenant on audit_log (previous_tenant, seq) where previous_tenant is not null;
  create function arcadia_place_entry() returns trigger language plpgsql as $$
  begin
    new.concerned_tenant := new.details ->> 'tenant_id';
    new.previous_tenant := new.details ->> 'previous_tenant_id';
    return new;
  end $$;
  create trigger place_entry before insert on audit_log for each row execute function arcadia_place_entry();`;

/**
 * The ids of the resources in scope with a tag, at most one more than `most`. Scans other than those of bitmaps are off, so that the index for tags is
 * used whatever the planner expects. One row with null for a tag that a hundredth of the resources has: a hundred pages are sampled, and
 * the list soon finds a page of them, while the index would read them all. [TEN-4]
 */
const TAGGED = `
  create function arcadia_resources_tagged(tag text, living boolean, most int) returns setof uuid
  language plpgsql security definer set search_path from current set enable_seqscan = off set enable_indexscan = off set enable_indexonlyscan = off as $$
  declare
    tenant text := arcadia_tenant();
    share float8 := (select least(100, 10000.0 / greatest(relpages, 1)) from pg_class where oid = 'cloud_resources'::regclass);
    seen int;
  begin
    if arcadia_is_platform() then
      select count(*) into seen from cloud_resources tablesample system (share) where attrs -> 'tags' ? tag;
      if share < 100 and seen >= 10 then
        return next null;
        return;
      end if;
    end if;
    return query execute format('select id from cloud_resources where attrs -> ''tags'' ? %L', tag)
      || case when living then ' and deleted_at is null' else '' end
      || case when arcadia_is_platform() then '' else format(' and tenant_id = %L', tenant) end
      || format(' limit %s', most + 1);
  end $$;
  revoke execute on function arcadia_resources_tagged(text, boolean, int) from public;
  grant execute on function arcadia_resources_tagged(text, boolean, int) to arcadia_service;`;

/** The function of migration 1330 with a beginning of its own. */
const found = (begin: string): string => `
create or replace function arcadia_resources_found(pattern text, tag text, living boolean, most int) returns setof uuid
language plpgsql security definer set search_path from current as $$
declare
  tenant text := arcadia_tenant();
  plan json;
  statement text := 'select id from cloud_resources where true'
    || case when pattern is null then '' else format(' and arcadia_search_text(name, provider_id, attrs) ilike %L', pattern) end
    || case when tag is null then '' else format(' and attrs -> ''tags'' ? %L', tag) end
    || case when living then ' and deleted_at is null' else '' end
    || case when arcadia_is_platform() then '' else format(' and tenant_id = %L', tenant) end;
begin${begin}
  execute 'explain (format json) ' || statement into plan;
  if (plan -> 0 -> 'Plan' ->> 'Plan Rows')::float8 > most then
    return next null;
    return;
  end if;
  return query execute statement || format(' limit %s', most + 1);
end $$`;
