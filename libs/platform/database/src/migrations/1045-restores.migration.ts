import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The witness by which a restore of the database is noticed (SAG-6, OPS-8): the place of the database, the start of the server under which the
 * provider was asked last, and the number of the mark at the provider. A new table, and a wider check on `cloud_strays`, which has few rows:
 * both take their locks for a moment only.
 */
export class Restores1795000001045 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table cloud_strays drop constraint cloud_strays_reason_check,
        add constraint cloud_strays_reason_check check (reason in ('duplicate', 'late', 'unknown_saga', 'restored', 'older'));
      create table database_witness (
        one boolean primary key default true check (one),
        installation uuid not null default arcadia_uuid(),
        database_oid bigint not null,
        server_started_at timestamptz,
        mark bigint not null default 0,
        marked boolean not null default true,
        mark_changed_at timestamptz not null default clock_timestamp(),
        restored_at timestamptz
      );
      alter table database_witness enable row level security;
      create policy platform on database_witness using ((select arcadia_is_platform()));
      grant select, insert, update on database_witness to arcadia_service;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop table database_witness;
      delete from cloud_strays where reason = 'older';
      alter table cloud_strays drop constraint cloud_strays_reason_check,
        add constraint cloud_strays_reason_check check (reason in ('duplicate', 'late', 'unknown_saga', 'restored'));
    `);
  }
}
