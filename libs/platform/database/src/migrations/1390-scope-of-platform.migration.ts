import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Statements in platform scope no longer read a tenant for each table that they read. The policies of tenants are evaluated before those of the
 * platform, and `arcadia_tenant()` ran a statement of its own each time; it is an expression now, which runs that statement only where a tenant
 * is set. What it returns is the same. [TEN-4] Functions only: locks nothing that is in use.
 */
export class ScopeOfPlatform1795000001390 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create function arcadia_open_tenant(wanted text) returns text language sql stable parallel safe
        as $$ select t.id from tenants t where t.id = wanted and t.status <> 'closed' $$;
      create or replace function arcadia_tenant() returns text language sql stable parallel safe
        as $$ select case when coalesce(current_setting('arcadia.tenant_id', true), '') <> '' then arcadia_open_tenant(current_setting('arcadia.tenant_id', true)) end $$;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create or replace function arcadia_tenant() returns text language sql stable parallel safe
        as $$ select t.id from tenants t where t.id = nullif(current_setting('arcadia.tenant_id', true), '') and t.status <> 'closed' $$;
      drop function arcadia_open_tenant(text);
    `);
  }
}
