import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Indexes for the orders of the inventory by name and by age, so that a page of a large account reads its own rows only. Building an index
 * blocks writes to its table meanwhile: seconds for a million rows.
 */
export class OrdersOfResources1795000001170 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create index cloud_resources_by_name on cloud_resources (left(coalesce(name, ''), 100), id) where deleted_at is null;
      create index cloud_resources_by_age on cloud_resources (first_seen_at, id) where deleted_at is null;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index cloud_resources_by_age, cloud_resources_by_name');
  }
}
