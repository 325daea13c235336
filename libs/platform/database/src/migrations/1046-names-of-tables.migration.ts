import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Three internal tables get the names that the code uses. A view with the old name serves the previous release [OPS-5]: PostgreSQL passes its
 * inserts, upserts, updates and deletes on to the table, under the grants and the row security of the caller. Each rename waits for the
 * statements that use the table, and is done in a moment. The views leave with the recording of the last release that uses them.
 */
export class NamesOfTables1795000001046 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table saga_starts rename to saga_idempotency_keys;
      create view saga_starts with (security_invoker = true) as select scope, key, body_hash, saga_id, started_at from saga_idempotency_keys;
      grant select, insert, delete on saga_starts to arcadia_service;

      alter table provider_looks rename to provider_poll_results;
      alter table provider_poll_results rename constraint provider_looks_pkey to provider_poll_results_pkey;
      create view provider_looks with (security_invoker = true) as select * from provider_poll_results;
      grant select, insert, update on provider_looks to arcadia_service;

      alter table database_lineage rename to database_timeline;
      alter table database_timeline rename constraint database_lineage_pkey to database_timeline_pkey;
      create view database_lineage with (security_invoker = true) as select * from database_timeline;
      grant select, insert on database_lineage to arcadia_service;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop view saga_starts, provider_looks, database_lineage;
      alter table saga_idempotency_keys rename to saga_starts;
      alter table provider_poll_results rename constraint provider_poll_results_pkey to provider_looks_pkey;
      alter table provider_poll_results rename to provider_looks;
      alter table database_timeline rename constraint database_timeline_pkey to database_lineage_pkey;
      alter table database_timeline rename to database_lineage;
    `);
  }
}
