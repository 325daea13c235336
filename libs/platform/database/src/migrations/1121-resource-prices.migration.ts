import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What each resource is billed as, and since when: a product, its units and its backup plan. The table contains no money: amounts are in
 * `list_prices`, so that a change of a price writes one row, not one for each resource. A row is written with each new resource, so the
 * table has no foreign key and one index. `list_prices` is small; its new columns and check take their lock for a moment.
 */
export class ResourcePrices1795000001121 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table list_prices add column hourly numeric check (hourly >= 0),
        add column as_of timestamptz not null default clock_timestamp(),
        drop constraint list_prices_source_check,
        add constraint list_prices_source_check check (source in ('catalog', 'observed', 'configured'));
      update list_prices set as_of = '2026-11-01T00:00:00Z';
      create table resource_prices (
        resource_id uuid not null,
        valid_from timestamptz not null,
        valid_to timestamptz not null,
        product text not null,
        units numeric check (units >= 0),
        plan text check (plan in ('unknown', 'weekly', 'daily')),
        primary key (resource_id, valid_from)
      ) with (fillfactor = 95);
      alter table resource_prices enable row level security;
      create policy platform on resource_prices using ((select arcadia_is_platform()));
      create policy tenant on resource_prices for select using (
        exists (select 1 from cloud_resources r where r.id = resource_id and r.tenant_id = (select arcadia_tenant())));
      grant select, insert, update on resource_prices to arcadia_service;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop function if exists arcadia_rates(boolean);
      drop table resource_prices;
      delete from list_prices where source = 'catalog';
      alter table list_prices drop column hourly, drop column as_of,
        drop constraint list_prices_source_check,
        add constraint list_prices_source_check check (source in ('configured', 'observed'));
    `);
  }
}
