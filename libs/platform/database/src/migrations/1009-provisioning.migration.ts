import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The desired state of what our sagas made, and the looks at the provider that waiting sagas share.
 * New tables only: locks nothing that is in use.
 */
export class Provisioning1795000001009 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table cloud_provisioned (
        resource_id uuid primary key references cloud_resources,
        spec jsonb not null,
        version int not null default 1,
        last_saga_id uuid references saga_runs,
        provisioned_at timestamptz not null default clock_timestamp(),
        changed_at timestamptz not null default clock_timestamp(),
        ended_at timestamptz
      );

      create unlogged table provider_looks (
        name text primary key,
        seen jsonb,
        asked_at timestamptz,
        looking_until timestamptz
      );

      alter table cloud_provisioned enable row level security;
      alter table provider_looks enable row level security;
      create policy platform on cloud_provisioned using ((select arcadia_is_platform()));
      create policy tenant on cloud_provisioned for select using (
        exists (select 1 from cloud_resources r where r.id = resource_id and r.tenant_id = (select arcadia_tenant())));
      create policy platform on provider_looks using ((select arcadia_is_platform()));
      grant select, insert, update on cloud_provisioned, provider_looks to arcadia_service;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table provider_looks, cloud_provisioned');
  }
}
