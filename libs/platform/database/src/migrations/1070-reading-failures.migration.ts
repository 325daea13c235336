import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Failed readings of the provider's billing data and of its catalog, with the time of their next attempt; and what an ingest could not read
 * or not match. A new table, and columns without a default: locks nothing that is in use for longer than a moment. The previous release
 * neither reads nor writes them.
 */
export class ReadingFailures1795000001070 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table cloud_billing_reads (
        name text primary key check (name in ('balance', 'billing_history')),
        failures int not null,
        failure jsonb not null,
        failed_at timestamptz not null,
        next_attempt_at timestamptz not null
      );
      alter table cloud_billing_reads enable row level security;
      create policy platform on cloud_billing_reads using ((select arcadia_is_platform()));
      grant select, insert, update, delete on cloud_billing_reads to arcadia_service;

      alter table provider_catalogue add column failures int, add column next_attempt_at timestamptz;

      alter table cloud_invoices add column unreadable_cells int, add column unlisted_kinds text[];
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table cloud_invoices drop column unreadable_cells, drop column unlisted_kinds;
      alter table provider_catalogue drop column failures, drop column next_attempt_at;
      drop table cloud_billing_reads;
    `);
  }
}
