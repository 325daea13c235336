import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the provider said the account owes, hour by hour. A new table: locks nothing that is in use. */
export class Balance1795000001011 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table cloud_balance_snapshots (
        id uuid primary key default arcadia_uuid(),
        account_id uuid not null references cloud_accounts,
        month_to_date_balance numeric not null,
        account_balance numeric not null,
        month_to_date_usage numeric not null,
        generated_at timestamptz not null,
        taken_at timestamptz not null default clock_timestamp()
      );
      create index cloud_balance_snapshots_latest on cloud_balance_snapshots (taken_at desc);
      alter table cloud_balance_snapshots enable row level security;
      create policy platform on cloud_balance_snapshots using ((select arcadia_is_platform()));
      grant select, insert on cloud_balance_snapshots to arcadia_service;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table cloud_balance_snapshots');
  }
}
