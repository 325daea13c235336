import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Endpoints of webhooks and what is delivered to them. `notification_cursor` is the place in the feed up to which deliveries are written:
 * a delivery is written in the statement that moves the place, so each endpoint gets each event once, and nothing of a change that was
 * rolled back, which has no number. The tables are new; the previous release does not know them. Locks nothing that is in use.
 */
export class Webhooks1795000001240 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table webhook_endpoints (
        id uuid primary key default arcadia_uuid(),
        tenant_id text,
        url text not null,
        description text,
        types text[] not null,
        status text not null default 'active' check (status in ('active', 'paused', 'disabled')),
        status_reason text,
        secrets jsonb not null,
        key_id text not null,
        after_sequence bigint not null default 0,
        failing_since timestamptz,
        last_success_at timestamptz,
        created_by text not null,
        created_at timestamptz not null default clock_timestamp(),
        changed_at timestamptz not null default clock_timestamp()
      );
      create index webhook_endpoints_of_tenant on webhook_endpoints (tenant_id, id);
      create table webhook_deliveries (
        id uuid primary key default arcadia_uuid(),
        endpoint_id uuid not null references webhook_endpoints on delete cascade,
        tenant_id text,
        sequence bigint,
        type text not null,
        status text not null default 'pending' check (status in ('pending', 'delivered', 'failed')),
        attempts int not null default 0,
        next_attempt_at timestamptz not null default clock_timestamp(),
        lease_until timestamptz,
        last_attempt_at timestamptz,
        last_status int,
        last_ms int,
        error_code text,
        created_at timestamptz not null default clock_timestamp(),
        finished_at timestamptz,
        unique (endpoint_id, sequence)
      );
      create index webhook_deliveries_due on webhook_deliveries (endpoint_id, next_attempt_at) where status = 'pending';
      create index webhook_deliveries_of_endpoint on webhook_deliveries (endpoint_id, id);
      create index webhook_deliveries_finished on webhook_deliveries (finished_at) where finished_at is not null;
      create table notification_cursor (
        one boolean primary key default true check (one),
        last_sequence bigint not null default 0
      );
      insert into notification_cursor (last_sequence) select coalesce((select last_sequence from event_sequencer), 0);

      alter table webhook_endpoints enable row level security;
      alter table webhook_deliveries enable row level security;
      alter table notification_cursor enable row level security;
      create policy platform on webhook_endpoints using ((select arcadia_is_platform()));
      create policy tenant on webhook_endpoints for select using (tenant_id = (select arcadia_tenant()));
      create policy platform on webhook_deliveries using ((select arcadia_is_platform()));
      create policy tenant on webhook_deliveries for select using (tenant_id = (select arcadia_tenant()));
      create policy platform on notification_cursor using ((select arcadia_is_platform()));
      grant select, insert, update, delete on webhook_endpoints, webhook_deliveries to arcadia_service;
      grant select, insert, update on notification_cursor to arcadia_service;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table notification_cursor, webhook_deliveries, webhook_endpoints');
  }
}
