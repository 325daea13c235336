import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The platform's reads and writes of `resource_prices` no longer look up the resource of each row. PostgreSQL evaluates the policies of a table
 * in an order of its own, and it began with that of tenants, so every row cost an index lookup before the scope was asked. The index finds
 * the few prices that began after the first sight of their resource. Both locks of the table are short: the index has no rows of first sights.
 */
export class ReadablePrices1795000001160 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop policy tenant on resource_prices;
      create policy tenant on resource_prices for select using (
        case when (select arcadia_is_platform()) then true
             else exists (select 1 from cloud_resources r where r.id = resource_id and r.tenant_id = (select arcadia_tenant())) end);
      create index resource_prices_changed on resource_prices (valid_from) where valid_from > '-infinity';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop view if exists platform_resource_prices;
      drop index resource_prices_changed;
      drop policy tenant on resource_prices;
      create policy tenant on resource_prices for select using (
        exists (select 1 from cloud_resources r where r.id = resource_id and r.tenant_id = (select arcadia_tenant())));
    `);
  }
}
