import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What the reaper finds at the provider that no saga accounts for, and which database this is: after a restore from a backup it may no longer know
 * what its unfinished sagas went on to make (SAG-6). A column without a default and new tables: takes its lock on saga_runs for a moment only.
 */
export class Strays1795000001010 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table cloud_strays (
        kind text not null,
        provider_id text not null,
        saga_id uuid not null,
        reason text not null check (reason in ('duplicate', 'late', 'unknown_saga', 'restored')),
        found_at timestamptz not null default clock_timestamp(),
        asked_at timestamptz,
        gone_at timestamptz,
        primary key (kind, provider_id)
      );
      create table database_lineage (
        system_identifier text not null,
        timeline int not null,
        since timestamptz not null default clock_timestamp(),
        primary key (system_identifier, timeline)
      );
      alter table saga_runs add column restored_at timestamptz;
      create index saga_runs_ended on saga_runs (finished_at) where finished_at is not null;

      alter table cloud_strays enable row level security;
      alter table database_lineage enable row level security;
      create policy platform on cloud_strays using ((select arcadia_is_platform()));
      create policy platform on database_lineage using ((select arcadia_is_platform()));
      grant select, insert, update on cloud_strays to arcadia_service;
      grant select, insert on database_lineage to arcadia_service;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop table database_lineage, cloud_strays;
      drop index saga_runs_ended;
      alter table saga_runs drop column restored_at;
    `);
  }
}
