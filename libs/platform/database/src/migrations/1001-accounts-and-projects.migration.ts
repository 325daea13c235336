import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The account this service is bound to, the mirror of its projects, and who is a member of which.
 * Also the two functions that row security asks for the scope of a connection (TEN-4): nothing said, nothing seen.
 * New tables only: locks nothing that is in use.
 */
export class AccountsAndProjects1795000001001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create function arcadia_is_platform() returns boolean language sql stable parallel safe
        as $$ select coalesce(current_setting('arcadia.scope', true), '') = 'platform' $$;
      create function arcadia_tenant() returns text language sql stable parallel safe
        as $$ select nullif(current_setting('arcadia.tenant_id', true), '') $$;

      -- Time-ordered ids (RFC 9562, version 7): new rows land at the end of the index, and keyset pages follow the order of arrival.
      create function arcadia_uuid() returns uuid language sql volatile parallel safe as $$
        select encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
          placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1 for 6), 52, 1), 53, 1), 'hex')::uuid $$;

      create table cloud_accounts (
        id uuid primary key default arcadia_uuid(),
        provider text not null default 'digitalocean' unique,
        provider_account_id text not null,
        identified_by text not null check (identified_by in ('team', 'account', 'project_owner')),
        project_owner_id text,
        name text,
        pinned_at timestamptz not null default now()
      );

      create table cloud_projects (
        id uuid primary key default arcadia_uuid(),
        account_id uuid not null references cloud_accounts,
        provider text not null default 'digitalocean',
        provider_id text,
        name text not null,
        description text not null default '',
        purpose text not null default '',
        environment text,
        is_default boolean not null default false,
        is_fallback boolean not null default false,
        tenant_id text check (tenant_id <> ''),
        tenant_set_by text check (tenant_set_by in ('description', 'admin')),
        classification text,
        first_seen_at timestamptz not null default now(),
        recorded_at timestamptz not null default clock_timestamp(),
        stale_strike_count smallint not null default 0,
        last_strike_at timestamptz,
        deleted_at timestamptz,
        unique (account_id, provider_id),
        check (provider_id is not null or is_fallback)
      );
      create unique index cloud_projects_one_fallback on cloud_projects (account_id) where is_fallback;

      create table cloud_project_names (
        project_id uuid not null references cloud_projects,
        name text not null,
        used_from timestamptz not null default clock_timestamp(),
        used_until timestamptz,
        primary key (project_id, used_from)
      );

      create table cloud_project_members (
        id uuid primary key default arcadia_uuid(),
        account_id uuid not null references cloud_accounts,
        project_id uuid not null references cloud_projects,
        kind text not null,
        provider_id text not null,
        urn text not null,
        assigned_at timestamptz,
        member_since timestamptz not null default clock_timestamp(),
        missed_walks smallint not null default 0,
        member_until timestamptz
      );
      create unique index cloud_project_members_current on cloud_project_members (account_id, kind, provider_id, project_id) where member_until is null;

      alter table cloud_accounts enable row level security;
      alter table cloud_projects enable row level security;
      alter table cloud_project_names enable row level security;
      alter table cloud_project_members enable row level security;
      create policy platform on cloud_accounts using ((select arcadia_is_platform()));
      create policy platform on cloud_projects using ((select arcadia_is_platform()));
      create policy platform on cloud_project_names using ((select arcadia_is_platform()));
      create policy platform on cloud_project_members using ((select arcadia_is_platform()));
      grant select, insert, update on cloud_accounts, cloud_projects, cloud_project_names, cloud_project_members to arcadia_service;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop table cloud_project_members, cloud_project_names, cloud_projects, cloud_accounts;
      drop function arcadia_uuid(), arcadia_tenant(), arcadia_is_platform();
    `);
  }
}
