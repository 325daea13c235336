import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * How the delivery of each notification request stands, and which overdue invoices have their event. The added columns have defaults, so the table is
 * not rewritten and the previous release inserts as before; the exclusive lock is short. `overdue_invoices` is new.
 */
export class DeliveriesOfRequests1795000001320 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table notification_requests
        add column status text not null default 'waiting' check (status in ('waiting', 'delivered', 'not_needed', 'failed')),
        add column attempts int not null default 0,
        add column next_attempt_at timestamptz not null default clock_timestamp(),
        add column lease_until timestamptz,
        add column error_code text,
        add column delivered_to text[] not null default '{}'`);
    await runner.query(`update notification_requests set status = 'delivered' where delivered_at is not null`);
    await runner.query(`create index notification_requests_due on notification_requests (next_attempt_at) where status = 'waiting'`);
    await runner.query(`
      create table overdue_invoices (
        invoice_id uuid primary key references tenant_invoices on delete cascade,
        tenant_id text not null,
        since timestamptz not null default clock_timestamp()
      );
      alter table overdue_invoices enable row level security;
      create policy platform on overdue_invoices using ((select arcadia_is_platform()));
      grant select, insert on overdue_invoices to arcadia_service`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop table overdue_invoices;
      drop index notification_requests_due;
      alter table notification_requests drop column status, drop column attempts, drop column next_attempt_at, drop column lease_until,
        drop column error_code, drop column delivered_to`);
  }
}
