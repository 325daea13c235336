import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The writes of sagas that have no answer (SAG-9), and the status `skipped` of a step that had nothing to do. The previous release records
 * no writes, so its late effects are found as before. The wider check takes its lock for the time of one read of `saga_steps`, so it is
 * added without a validation of the old rows, which fulfil it.
 */
export class SagaWrites1795000001060 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table saga_writes (
        id uuid primary key default arcadia_uuid(),
        saga_id uuid not null references saga_runs,
        step_idx int not null,
        compensating boolean not null,
        target text not null,
        object text not null,
        sets jsonb not null,
        before jsonb not null,
        sent_at timestamptz not null default clock_timestamp(),
        answered_at timestamptz,
        handled_at timestamptz
      );
      create index saga_writes_of_object on saga_writes (target, object);
      create index saga_writes_of_saga on saga_writes (saga_id);
      alter table saga_writes enable row level security;
      create policy platform on saga_writes using ((select arcadia_is_platform()));
      grant select, insert, update, delete on saga_writes to arcadia_service;
      alter table saga_steps drop constraint saga_steps_status_check,
        add constraint saga_steps_status_check
          check (status in ('running', 'waiting', 'completed', 'skipped', 'failed', 'compensating', 'compensated', 'compensation_failed')) not valid;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      update saga_steps set status = 'completed' where status = 'skipped';
      alter table saga_steps drop constraint saga_steps_status_check,
        add constraint saga_steps_status_check
          check (status in ('running', 'waiting', 'completed', 'failed', 'compensating', 'compensated', 'compensation_failed'));
      drop table saga_writes;
    `);
  }
}
