import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The limits of tenants: a row `default`, and one for each tenant that has limits of its own. The first process that needs the default row
 * writes it, because one of its values comes from the configuration. The table is new and small, and the previous release does not know it.
 */
export class TenantLimits1795000001111 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table tenant_limits (
        tenant_id text primary key check (tenant_id <> ''),
        max_droplets int check (max_droplets >= 0),
        max_vcpus int check (max_vcpus >= 0),
        max_volume_gib int check (max_volume_gib >= 0),
        max_snapshots int check (max_snapshots >= 0),
        max_monthly_cost numeric check (max_monthly_cost >= 0),
        allowed_sizes text[],
        allowed_regions text[],
        approval_over_monthly numeric check (approval_over_monthly >= 0),
        max_destroys_per_hour int check (max_destroys_per_hour >= 0),
        unique_names boolean not null default false,
        open_sagas int check (open_sagas >= 0),
        inherited text[] not null default '{}',
        changed_by text not null,
        changed_at timestamptz not null default clock_timestamp()
      );
      alter table tenant_limits enable row level security;
      create policy platform on tenant_limits using ((select arcadia_is_platform()));
      create policy tenant on tenant_limits for select using (tenant_id = (select arcadia_tenant()));
      grant select, insert, update on tenant_limits to arcadia_service;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table tenant_limits');
  }
}
