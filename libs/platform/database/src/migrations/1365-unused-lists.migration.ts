import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A sweep records that the account does not use its kind, so that the list is read once a day from then on, and how many objects of the
 * list could not be read. Takes a short lock on `cloud_sweeps`: the defaults are constants, so no row is rewritten.
 */
export class UnusedLists1795000001365 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table cloud_sweeps add column unused boolean not null default false, add column unreadable_count int not null default 0;
      update cloud_sweeps set unreadable_count = jsonb_array_length(unreadable_items) where unreadable_items <> '[]';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table cloud_sweeps drop column unreadable_count, drop column unused');
  }
}
