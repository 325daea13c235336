import type { MigrationInterface, QueryRunner } from 'typeorm';

const STATUSES = `'pending', 'running', 'compensating', 'completed', 'rolled_back', 'failed', 'compensation_failed'`;
const ENDS = `'completed', 'rolled_back', 'failed', 'compensation_failed'`;

/**
 * A start may wait for a decision. Such a run and a rejected one have no `wake_at`, so that no worker claims them, also none of the previous
 * release; the time at which the wait ends is in `saga_approvals`. The limits of a tenant count its sagas that are not over, by an index.
 * The checks of `saga_runs` are not validated, so its lock is short; building the indexes blocks its writes meanwhile: seconds for a million
 * rows.
 */
export class SagaApprovals1795000001110 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table saga_runs
        drop constraint saga_runs_status_check,
        add constraint saga_runs_status_check check (status in (${STATUSES}, 'awaiting_approval', 'rejected')) not valid,
        drop constraint saga_runs_check,
        add constraint saga_runs_check check ((wake_at is null) = (status in (${ENDS}, 'awaiting_approval', 'rejected'))) not valid;
      create index saga_runs_awaiting on saga_runs (kind, status) where status = 'awaiting_approval';
      create index saga_runs_counted on saga_runs (tenant_id)
        where tenant_id is not null and status not in ('completed', 'rolled_back', 'rejected');

      create table saga_approvals (
        id uuid primary key default arcadia_uuid(),
        saga_id uuid not null references saga_runs,
        subject text not null check (subject in ('start', 'step_output')),
        why text not null,
        asked_by text not null,
        asked_at timestamptz not null default clock_timestamp(),
        plan_hash text,
        output jsonb,
        expires_at timestamptz not null,
        decision text check (decision in ('approved', 'rejected', 'expired', 'cancelled')),
        decided_by text,
        decided_at timestamptz,
        reason text,
        check ((decision is null) = (decided_at is null) and (decision is null) = (decided_by is null))
      );
      create unique index saga_approvals_undecided on saga_approvals (saga_id) where decision is null;
      create index saga_approvals_of_saga on saga_approvals (saga_id, id);
      create index saga_approvals_expiring on saga_approvals (expires_at) where decision is null;
      alter table saga_approvals enable row level security;
      create policy platform on saga_approvals using ((select arcadia_is_platform()));
      create policy tenant on saga_approvals for select using (
        exists (select 1 from saga_runs r where r.id = saga_id and r.tenant_id = (select arcadia_tenant())));
      grant select, insert, update on saga_approvals to arcadia_service;
    `);
  }

  /** A run that waits, or was rejected, has done nothing: the previous release knows it as rolled back. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop table saga_approvals;
      drop index saga_runs_counted, saga_runs_awaiting;
      delete from saga_holds h using saga_runs r where r.id = h.saga_id and r.status = 'awaiting_approval';
      update saga_runs set status = 'rolled_back', finished_at = coalesce(finished_at, clock_timestamp())
       where status in ('awaiting_approval', 'rejected');
      alter table saga_runs
        drop constraint saga_runs_status_check, add constraint saga_runs_status_check check (status in (${STATUSES})),
        drop constraint saga_runs_check, add constraint saga_runs_check check ((wake_at is null) = (status in (${ENDS})));
    `);
  }
}
