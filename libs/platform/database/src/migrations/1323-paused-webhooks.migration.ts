import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What a paused endpoint has missed: no deliveries are written for it, so a pause of any length costs no rows. The columns have constant defaults, so the
 * table is not rewritten; the exclusive lock is short. A worker of the previous release still writes deliveries for paused endpoints.
 */
export class PausedWebhooks1795000001323 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table webhook_endpoints add column paused_at timestamptz, add column skipped bigint not null default 0;
      update webhook_endpoints set paused_at = changed_at where status = 'paused'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table webhook_endpoints drop column paused_at, drop column skipped');
  }
}
