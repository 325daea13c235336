import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What a start was judged to do, with the prices of that time. Null for starts of the previous release, which neither reads nor writes the
 * column. Takes a short exclusive lock on `saga_runs`; no row is rewritten.
 */
export class SagaPlans1795000001150 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table saga_runs add column plan jsonb');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table saga_runs drop column plan');
  }
}
