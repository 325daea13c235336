import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Tenants become rows. Every id that a project or a resource carries is registered, also ids that differ in letter case only. Row security
 * then knows registered tenants only: `arcadia_tenant()` is null for an id that is not registered and for a closed tenant, so that their
 * tokens see no rows, whichever release serves them.
 * An account that was mirrored completely before gets no more tenants from descriptions.
 * Reads the two tables once. Adds a column without a default to `cloud_accounts`, which has one row.
 */
export class Tenants1795000001100 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table tenants (
        id text primary key check (id <> ''),
        name text not null,
        contact_email text,
        notes text,
        status text not null default 'active' check (status in ('active', 'suspended', 'offboarding', 'closed')),
        orders_blocked_reason text,
        source text not null check (source in ('description', 'admin')),
        created_at timestamptz not null default clock_timestamp(),
        closed_at timestamptz,
        check ((status = 'closed') = (closed_at is not null))
      );
      insert into tenants (id, name, source)
      select id, id, case when bool_or(described) then 'description' else 'admin' end
        from (select tenant_id as id, tenant_set_by = 'description' as described from cloud_projects
              union all select tenant_id, false from cloud_resources
              union all select owner_override, false from cloud_resources) carried
       where id is not null and id <> ' '
       group by id;

      alter table cloud_accounts add column tenants_registered_at timestamptz;
      update cloud_accounts a set tenants_registered_at = clock_timestamp()
       where exists (select from cloud_sweeps s where s.account_id = a.id and s.kind = 'project' and s.status = 'complete');

      alter table tenants enable row level security;
      create policy platform on tenants using ((select arcadia_is_platform()));
      create policy tenant on tenants for select using (id = nullif(current_setting('arcadia.tenant_id', true), ''));
      grant select, insert, update on tenants to arcadia_service;

      create or replace function arcadia_tenant() returns text language sql stable parallel safe
        as $$ select t.id from tenants t where t.id = nullif(current_setting('arcadia.tenant_id', true), '') and t.status <> 'closed' $$;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create or replace function arcadia_tenant() returns text language sql stable parallel safe
        as $$ select nullif(current_setting('arcadia.tenant_id', true), '') $$;
      alter table cloud_accounts drop column tenants_registered_at;
      drop table tenants;
    `);
  }
}
