import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Resources, their append-only event log, and the ledger of sweeps.
 * The service role may not delete resources, nor change or remove events (INV-14); a tenant sees rows that carry its name.
 * Rows written by the hundred thousand have no foreign keys to accounts and resources, which are never removed.
 * New tables only: locks nothing that is in use.
 */
export class Inventory1795000001002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table cloud_resources (
        id uuid primary key default arcadia_uuid(),
        account_id uuid not null,
        provider text not null default 'digitalocean',
        kind text not null,
        provider_id text not null,
        urn text not null,
        name text,
        region text,
        status text not null,
        size_slug text,
        attrs jsonb not null default '{}',
        parents text[] not null default '{}',
        content_hash text not null,
        owner_override text check (owner_override <> ''),
        tenant_id text check (tenant_id <> ''),
        cloud_project_id uuid references cloud_projects,
        attributed_by text not null default 'fallback' check (attributed_by in ('override', 'project', 'parent', 'fallback')),
        attributed_ref text,
        first_seen_at timestamptz not null,
        last_seen_at timestamptz not null,
        recorded_at timestamptz not null default clock_timestamp(),
        changed_at timestamptz not null default clock_timestamp(),
        stale_strike_count smallint not null default 0,
        last_strike_at timestamptz,
        deleted_at timestamptz,
        check ((status = 'deleted') = (deleted_at is not null)),
        unique (account_id, kind, provider_id)
      ) with (fillfactor = 90);
      create index cloud_resources_by_tenant on cloud_resources (tenant_id, id) where deleted_at is null and tenant_id is not null;
      create index cloud_resources_by_kind on cloud_resources (kind, id) where deleted_at is null;
      create index cloud_resources_by_project on cloud_resources (cloud_project_id) where cloud_project_id is not null;
      create index cloud_resources_struck on cloud_resources (account_id, kind) where stale_strike_count > 0;
      create index cloud_resources_children on cloud_resources using gin (parents) where parents <> '{}';

      create table cloud_resource_events (
        seq bigint generated always as identity primary key,
        id uuid not null default gen_random_uuid(),
        resource_id uuid not null,
        tenant_id text,
        type text not null check (type in
          ('discovered', 'updated', 'deleted', 'restored', 'tagged', 'attributed', 'provider_action', 'drift_detected')),
        source text not null check (source in ('sweep', 'saga', 'admin', 'action_feed', 'drift')),
        at timestamptz not null default clock_timestamp(),
        changes jsonb not null default '{}',
        sweep_id uuid
      );
      create index cloud_resource_events_of_resource on cloud_resource_events (resource_id, seq);

      create table cloud_sweeps (
        id uuid primary key default arcadia_uuid(),
        account_id uuid references cloud_accounts,
        kind text not null,
        trigger text not null check (trigger in ('schedule', 'first', 'manual', 'action_feed')),
        status text not null default 'running' check (status in ('running', 'complete', 'incomplete', 'suspect', 'released', 'refused')),
        reason text,
        pages_done int not null default 0,
        pages_expected int,
        calls int not null default 0,
        seen int not null default 0,
        discovered int not null default 0,
        updated int not null default 0,
        restored int not null default 0,
        struck int not null default 0,
        deleted int not null default 0,
        missing text[],
        released_at timestamptz,
        started_at timestamptz not null default clock_timestamp(),
        claimed_at timestamptz,
        lease_until timestamptz not null,
        finished_at timestamptz
      );
      create unique index cloud_sweeps_one_running on cloud_sweeps (kind) where status = 'running';
      create index cloud_sweeps_by_kind on cloud_sweeps (kind, started_at desc);
      create index cloud_sweeps_complete on cloud_sweeps (kind, started_at desc) where status = 'complete';
      create index cloud_sweeps_released on cloud_sweeps (kind, released_at) where status = 'released';

      alter table cloud_resources enable row level security;
      alter table cloud_resource_events enable row level security;
      alter table cloud_sweeps enable row level security;
      create policy platform on cloud_resources using ((select arcadia_is_platform()));
      create policy tenant on cloud_resources for select using (tenant_id = (select arcadia_tenant()));
      create policy platform on cloud_resource_events using ((select arcadia_is_platform()));
      create policy tenant on cloud_resource_events for select using (tenant_id = (select arcadia_tenant()));
      create policy platform on cloud_sweeps using ((select arcadia_is_platform()));
      grant select, insert, update on cloud_resources to arcadia_service;
      grant select, insert on cloud_resource_events to arcadia_service;
      grant select, insert, update, delete on cloud_sweeps to arcadia_service;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table cloud_sweeps, cloud_resource_events, cloud_resources');
  }
}
