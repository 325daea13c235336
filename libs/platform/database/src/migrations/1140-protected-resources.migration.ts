import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Resources that no saga may destroy or overwrite, and who protects them: an admin's protection is lifted by admins only. The previous
 * release does not know the column, so a protection counts from the moment when none of its processes runs any more.
 * The column is nullable without a default, so no row is rewritten; the index is partial and empty at first, built in one read of the table.
 */
export class ProtectedResources1795000001140 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table cloud_resources add column protected_by text check (protected_by in ('admin', 'tenant'));
      create index cloud_resources_protected on cloud_resources (id) where protected_by is not null;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop index cloud_resources_protected;
      alter table cloud_resources drop column protected_by;
    `);
  }
}
