import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The objects that a sweep could not read [TRU-3]. A new column with a constant default: the lock on `cloud_sweeps` lasts a moment, and the
 * previous release inserts its sweeps as before.
 */
export class UnreadableItems1795000001050 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`alter table cloud_sweeps add column unreadable_items jsonb not null default '[]'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table cloud_sweeps drop column unreadable_items');
  }
}
