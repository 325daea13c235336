import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * `saga_starts` gets the name of its rows: idempotency keys. A view under the old name lets the previous release go on; with
 * `security_invoker`, the grants and the row security of the table apply through it. The view leaves with the recording of the last release
 * that uses it (test/releases). Takes its lock on the table for a moment only. Constraints keep their names.
 */
export class SagaIdempotencyKeys1795000001046 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table saga_starts rename to saga_idempotency_keys;
      create view saga_starts with (security_invoker = true) as select scope, key, body_hash, saga_id, started_at from saga_idempotency_keys;
      grant select, insert, delete on saga_starts to arcadia_service;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop view saga_starts;
      alter table saga_idempotency_keys rename to saga_starts;
    `);
  }
}
