import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * An index of what each tenant had: the costs of a tenant read what it has by an index that exists, and with this one what ended in the month. Building
 * an index blocks writes to its table meanwhile: seconds for a million rows.
 */
export class EndedResources1795000001325 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'create index cloud_resources_ended on cloud_resources (tenant_id, deleted_at) where deleted_at is not null and tenant_id is not null',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index cloud_resources_ended');
  }
}
