import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Sagas: the runs, their ledger of steps, what they hold, and the keys under which they were started.
 * A run is due when its `wake_at` has come and nobody's lease is alive; every write of a worker is fenced by `epoch`, which each claim raises.
 * A tenant sees its own runs and their steps. New tables only: locks nothing that is in use.
 */
export class Sagas1795000001006 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table saga_runs (
        id uuid primary key default arcadia_uuid(),
        kind text not null,
        tenant_id text check (tenant_id <> ''),
        input jsonb not null,
        context jsonb not null default '{}',
        steps text[] not null check (cardinality(steps) > 0),
        status text not null default 'pending' check (status in
          ('pending', 'running', 'compensating', 'completed', 'rolled_back', 'failed', 'compensation_failed')),
        step_idx int not null default 0,
        pivot_passed boolean not null default false,
        cancel_requested boolean not null default false,
        released_holds text[] not null default '{}',
        error jsonb,
        leftovers jsonb not null default '[]',
        created_by text not null,
        created_at timestamptz not null default clock_timestamp(),
        finished_at timestamptz,
        wake_at timestamptz default clock_timestamp(),
        lease_until timestamptz,
        lease_owner text,
        epoch bigint not null default 0,
        check ((wake_at is null) = (status in ('completed', 'rolled_back', 'failed', 'compensation_failed')))
      ) with (fillfactor = 70);
      create index saga_runs_due on saga_runs (wake_at) where wake_at is not null;
      create index saga_runs_by_tenant on saga_runs (tenant_id, id);

      create table saga_steps (
        saga_id uuid not null references saga_runs,
        step_idx int not null,
        name text not null,
        status text not null check (status in ('running', 'waiting', 'completed', 'failed', 'compensating', 'compensated', 'compensation_failed')),
        attempts int not null default 0,
        compensation_attempts int not null default 0,
        intent jsonb,
        output jsonb,
        error jsonb,
        started_at timestamptz not null default clock_timestamp(),
        tried_since timestamptz not null default clock_timestamp(),
        compensating_since timestamptz,
        finished_at timestamptz,
        primary key (saga_id, step_idx)
      ) with (fillfactor = 70);

      create table saga_holds (
        resource text primary key,
        saga_id uuid not null references saga_runs,
        held_since timestamptz not null default clock_timestamp()
      );
      create index saga_holds_of_saga on saga_holds (saga_id);

      create table saga_starts (
        scope text not null,
        key text not null,
        body_hash text not null,
        saga_id uuid not null references saga_runs,
        started_at timestamptz not null default clock_timestamp(),
        primary key (scope, key)
      );

      alter table saga_runs enable row level security;
      alter table saga_steps enable row level security;
      alter table saga_holds enable row level security;
      alter table saga_starts enable row level security;
      create policy platform on saga_runs using ((select arcadia_is_platform()));
      create policy tenant on saga_runs for select using (tenant_id = (select arcadia_tenant()));
      create policy platform on saga_steps using ((select arcadia_is_platform()));
      create policy tenant on saga_steps for select using (
        exists (select 1 from saga_runs r where r.id = saga_id and r.tenant_id = (select arcadia_tenant())));
      create policy platform on saga_holds using ((select arcadia_is_platform()));
      create policy platform on saga_starts using ((select arcadia_is_platform()));
      grant select, insert, update on saga_runs, saga_steps to arcadia_service;
      grant select, insert, delete on saga_holds, saga_starts to arcadia_service;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table saga_starts, saga_holds, saga_steps, saga_runs');
  }
}
