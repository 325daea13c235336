import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The trace that started a saga, so that what its steps do hours later, in another process, belongs to it; and an index of the sagas that gave up,
 * which every scrape of the metrics asks for. Takes a lock on `saga_runs` for the length of one look at it.
 */
export class SagaTraces1795000001040 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table saga_runs add column traceparent text;
      create index saga_runs_gave_up on saga_runs (kind, status) where status in ('failed', 'compensation_failed');
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop index saga_runs_gave_up;
      alter table saga_runs drop column traceparent;
    `);
  }
}
