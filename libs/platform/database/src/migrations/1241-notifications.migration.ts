import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Who is notified of events by mail and chat, and the notifications that wait. Messages are written with the deliveries of webhooks, in the statement
 * that moves the place in the feed. The tables are new; the previous release does not know them.
 */
export class Notifications1795000001241 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table notification_subscriptions (
        owner text primary key check (owner <> ''),
        tenant_id text,
        email text,
        chat_sealed text,
        chat_host text,
        key_id text,
        types text[] not null,
        digest text not null check (digest in ('at_once', 'daily')),
        after_sequence bigint not null default 0,
        changed_by text not null,
        changed_at timestamptz not null default clock_timestamp()
      );
      create table notification_messages (
        id uuid primary key default arcadia_uuid(),
        owner text not null references notification_subscriptions on delete cascade,
        tenant_id text,
        channel text not null check (channel in ('mail', 'chat')),
        sequence bigint not null,
        status text not null default 'pending' check (status in ('pending', 'sent', 'failed')),
        attempts int not null default 0,
        next_attempt_at timestamptz not null default clock_timestamp(),
        lease_until timestamptz,
        error_code text,
        created_at timestamptz not null default clock_timestamp(),
        finished_at timestamptz,
        unique (owner, channel, sequence)
      );
      create index notification_messages_due on notification_messages (next_attempt_at) where status = 'pending';
      create index notification_messages_finished on notification_messages (finished_at) where finished_at is not null;

      alter table notification_subscriptions enable row level security;
      alter table notification_messages enable row level security;
      create policy platform on notification_subscriptions using ((select arcadia_is_platform()));
      create policy tenant on notification_subscriptions for select using (tenant_id = (select arcadia_tenant()));
      create policy platform on notification_messages using ((select arcadia_is_platform()));
      create policy tenant on notification_messages for select using (tenant_id = (select arcadia_tenant()));
      grant select, insert, update, delete on notification_subscriptions, notification_messages to arcadia_service;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table notification_messages, notification_subscriptions');
  }
}
