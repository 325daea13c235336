import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What people do with running sagas. `version` counts their changes; `policy` replaces limits of one run. A paused run has `wake_at` infinity:
 * the trigger keeps it while `paused_at` is set and the run is open, because the checkpoint and the cancel of the previous release would wake
 * the run. A checkpoint also loses its lease, so a worker of the previous release writes nothing further; a renewal keeps it, because the step
 * in flight may end. A run that ends is not paused any more. New columns with constant defaults take a short lock on `saga_runs`; building its
 * indexes blocks its writes meanwhile: seconds for a million rows. New tables lock nothing. `saga_attempts` and `saga_provider_calls` have no foreign keys, because their rows are written at each step boundary.
 */
export class SagaVerbs1795000001230 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(RUNS);
    await runner.query(PAUSE);
    await runner.query(TABLES);
    await runner.query(RIGHTS);
  }

  /** A paused run goes on in the previous release. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop trigger keep_paused on saga_runs;
      drop function arcadia_keep_paused;
      update saga_runs set wake_at = clock_timestamp() where wake_at = 'infinity';
      drop table saga_bulk_items, saga_bulk_jobs, saga_provider_calls, saga_attempts;
      drop index saga_runs_paused, saga_runs_redriven;
      alter table saga_approvals drop column step_idx;
      alter table saga_runs drop column version, drop column paused_at, drop column paused_by, drop column pause_reason, drop column policy,
        drop column redriven_from;
    `);
  }
}

const RUNS = `
  alter table saga_runs
    add column version int not null default 0,
    add column paused_at timestamptz,
    add column paused_by text,
    add column pause_reason text,
    add column policy jsonb,
    add column redriven_from uuid;
  alter table saga_approvals add column step_idx int;
  create index saga_runs_paused on saga_runs (paused_at) where paused_at is not null;
  create index saga_runs_redriven on saga_runs (redriven_from) where redriven_from is not null;
`;

const PAUSE = `
  create function arcadia_keep_paused() returns trigger language plpgsql set search_path = public, pg_temp as $$
  begin
    if new.status in ('pending', 'running', 'compensating') then
      if new.wake_at is distinct from 'infinity'::timestamptz then
        if new.lease_until is distinct from old.lease_until then
          new.lease_until := null;
        end if;
        new.wake_at := 'infinity';
      end if;
    else
      new.paused_at := null;
      new.paused_by := null;
      new.pause_reason := null;
    end if;
    return new;
  end $$;
  create trigger keep_paused before update on saga_runs for each row when (new.paused_at is not null) execute function arcadia_keep_paused();
`;

const TABLES = `
  create table saga_attempts (
    saga_id uuid not null,
    step_idx int not null,
    compensating boolean not null,
    round int not null,
    nr int not null,
    started_at timestamptz not null,
    ended_at timestamptz not null,
    outcome text not null check (outcome in ('waiting', 'retry', 'completed', 'skipped', 'failed', 'compensated', 'compensation_failed')),
    error jsonb,
    waits jsonb,
    worker text,
    epoch bigint not null,
    primary key (saga_id, step_idx, compensating, round, nr)
  ) with (fillfactor = 80);

  create table saga_provider_calls (
    id bigint generated always as identity primary key,
    saga_id uuid not null,
    step_idx int not null,
    compensating boolean not null,
    at timestamptz not null,
    method text not null,
    path text not null,
    status int,
    ms int not null,
    request_id text
  );
  create index saga_provider_calls_of_saga on saga_provider_calls (saga_id, id);
  create index saga_provider_calls_by_time on saga_provider_calls (at);

  create table saga_bulk_jobs (
    id uuid primary key default arcadia_uuid(),
    verb text not null,
    filter jsonb,
    reason text not null,
    rate_per_minute int not null check (rate_per_minute between 1 and 6000),
    total int not null,
    created_by text not null,
    created_by_role text not null,
    created_at timestamptz not null default clock_timestamp(),
    request_id text,
    next_at timestamptz not null default clock_timestamp(),
    lease_until timestamptz,
    stopped_at timestamptz,
    stopped_by text,
    finished_at timestamptz
  );
  create index saga_bulk_jobs_open on saga_bulk_jobs (next_at) where finished_at is null;

  create table saga_bulk_items (
    job_id uuid not null references saga_bulk_jobs,
    nr int not null,
    saga_id uuid not null,
    result text check (result in ('done', 'refused')),
    code text,
    detail text,
    at timestamptz,
    primary key (job_id, nr)
  );
  create index saga_bulk_items_open on saga_bulk_items (job_id, nr) where result is null;
`;

const RIGHTS = `
  alter table saga_attempts enable row level security;
  alter table saga_provider_calls enable row level security;
  alter table saga_bulk_jobs enable row level security;
  alter table saga_bulk_items enable row level security;
  create policy platform on saga_attempts using ((select arcadia_is_platform()));
  create policy tenant on saga_attempts for select using (
    exists (select 1 from saga_runs r where r.id = saga_id and r.tenant_id = (select arcadia_tenant())));
  create policy platform on saga_provider_calls using ((select arcadia_is_platform()));
  create policy platform on saga_bulk_jobs using ((select arcadia_is_platform()));
  create policy platform on saga_bulk_items using ((select arcadia_is_platform()));
  grant select, insert, update on saga_attempts, saga_bulk_jobs, saga_bulk_items to arcadia_service;
  grant select, insert, delete on saga_provider_calls to arcadia_service;
`;
