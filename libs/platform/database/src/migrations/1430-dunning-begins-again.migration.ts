import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Reminding begins again when a payment is returned, so its marks are deleted. Grants only: no row is rewritten, and the previous release deletes none. */
export class DunningBeginsAgain1795000001430 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('grant delete on dunning_steps, overdue_invoices to arcadia_service');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('revoke delete on dunning_steps, overdue_invoices from arcadia_service');
  }
}
