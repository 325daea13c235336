import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * When a saga of a bulk job is tried again after a refusal that may pass, so that the others need not wait for it. A new column without a default: the
 * lock on the table is short. The previous release does not read it, and tries such a saga again at once.
 */
export class PostponedBulkItems1795000001416 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table saga_bulk_items add column not_before timestamptz');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table saga_bulk_items drop column not_before');
  }
}
