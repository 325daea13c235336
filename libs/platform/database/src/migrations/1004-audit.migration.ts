import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Who changed what, and why (OPS-9). The service role may add and read, never change or remove.
 * A new table only: locks nothing that is in use.
 */
export class Audit1795000001004 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table audit_log (
        seq bigint generated always as identity primary key,
        id uuid not null default arcadia_uuid(),
        at timestamptz not null default clock_timestamp(),
        actor text not null,
        actor_role text not null,
        actor_tenant_id text,
        action text not null,
        target_type text not null,
        target_id text not null,
        reason text,
        details jsonb not null default '{}',
        request_id text
      );
      create index audit_log_of_target on audit_log (target_type, target_id, seq);
      alter table audit_log enable row level security;
      create policy platform on audit_log using ((select arcadia_is_platform()));
      grant select, insert on audit_log to arcadia_service;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table audit_log');
  }
}
