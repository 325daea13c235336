import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Indexes for an inventory of a million resources. Each filter of the list has one in the order of the list, so that a value that few rows have does
 * not read all rows. A search by a part of a text uses trigrams. Row security keeps conditions that may leak, such as `ilike` and those on JSON,
 * from every index, so searches and tags are found by a function that checks the scope itself. Counts and the order by price read an index instead of the rows.
 * The extension is part of PostgreSQL's contrib and may be created by the owner of a database. Building the indexes blocks writes to their
 * tables meanwhile: about two minutes for a million resources with five million events.
 */
export class LargeInventories1795000001330 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create extension if not exists pg_trgm;
      create function arcadia_search_text(name text, provider_id text, attrs jsonb) returns text language sql immutable parallel safe as $$
        select coalesce(name, '') || chr(10) || provider_id || chr(10) || coalesce(attrs ->> 'ip', '') || chr(10) || coalesce(attrs ->> 'ipv6', '') || chr(10)
               || jsonb_path_query_array(attrs, '$.networks.*[*].ip_address')::text || chr(10) || coalesce((attrs -> 'tags')::text, '')
      $$;
      create index cloud_resources_by_text on cloud_resources using gin (arcadia_search_text(name, provider_id, attrs) gin_trgm_ops);
      drop index cloud_resources_by_kind;
      create index cloud_resources_by_kind on cloud_resources (kind, id) include (tenant_id) where deleted_at is null;
      create index cloud_resources_by_status on cloud_resources (status, id) where deleted_at is null;
      create index cloud_resources_by_region on cloud_resources (region, id) where deleted_at is null;
      create index cloud_resources_by_size on cloud_resources (size_slug, id) where deleted_at is null and size_slug is not null;
      create index cloud_resources_by_rule on cloud_resources (attributed_by, id) where deleted_at is null;
      create index cloud_resources_by_change on cloud_resources (changed_at);
      create index cloud_resources_deleted on cloud_resources (id) where deleted_at is not null;
      create index cloud_resources_unowned on cloud_resources (id) where deleted_at is null and tenant_id is null;
      create index cloud_resources_counted on cloud_resources (kind, tenant_id, region) where deleted_at is null;
      create index event_numbers_by_kind on event_numbers (kind, sequence) where kind is not null;
      create index audit_log_of_request on audit_log (request_id, seq) where request_id is not null;
    `);
    await runner.query(RESOURCES_FOUND);
    await runner.query('revoke execute on function arcadia_resources_found(text, text, boolean, int) from public');
    await runner.query('grant execute on function arcadia_resources_found(text, text, boolean, int) to arcadia_service');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop function arcadia_resources_found(text, text, boolean, int);
      drop index audit_log_of_request, event_numbers_by_kind, cloud_resources_counted, cloud_resources_unowned, cloud_resources_deleted, cloud_resources_by_change,
        cloud_resources_by_rule, cloud_resources_by_size, cloud_resources_by_region, cloud_resources_by_status, cloud_resources_by_kind, cloud_resources_by_text;
      create index cloud_resources_by_kind on cloud_resources (kind, id) where deleted_at is null;
      drop function arcadia_search_text(text, text, jsonb);
      drop extension if exists pg_trgm;
    `);
  }
}

/**
 * The ids of the resources in scope that contain a text and have a tag, in no order; null stands for any text or tag. One row with null when the
 * planner expects more than `most` of them, and one row more than `most` when there are. The statement is planned for each text, because only
 * the text tells whether the index helps; PostgreSQL allows that to volatile functions only. It works as the owner of the tables, so it checks the scope of the caller itself. [TEN-4]
 */
const RESOURCES_FOUND = `
create function arcadia_resources_found(pattern text, tag text, living boolean, most int) returns setof uuid
language plpgsql security definer set search_path from current as $$
declare
  tenant text := arcadia_tenant();
  plan json;
  statement text := 'select id from cloud_resources where true'
    || case when pattern is null then '' else format(' and arcadia_search_text(name, provider_id, attrs) ilike %L', pattern) end
    || case when tag is null then '' else format(' and attrs -> ''tags'' ? %L', tag) end
    || case when living then ' and deleted_at is null' else '' end
    || case when arcadia_is_platform() then '' else format(' and tenant_id = %L', tenant) end;
begin
  execute 'explain (format json) ' || statement into plan;
  if (plan -> 0 -> 'Plan' ->> 'Plan Rows')::float8 > most then
    return next null;
    return;
  end if;
  return query execute statement || format(' limit %s', most + 1);
end $$`;
