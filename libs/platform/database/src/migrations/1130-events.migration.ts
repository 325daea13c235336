import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The feed of events. `events` has the changes that no other append-only table records; resource events stay where they are. It is chained like
 * them (INV-14), and the chain gives the order: one process at a time numbers what the chain has linked, so no writer waits for another one.
 * `event_numbers` has the number of each event with the fields that readers filter by, and `event_sequencer` the last number and link.
 * Events that are already in the chain get their numbers after the upgrade, in batches.
 * New objects only: locks nothing that is in use. The previous release neither reads nor writes them; it links their digests like all others.
 */
export class Events1795000001130 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(TABLES);
    await runner.query(DIGEST);
    await runner.query(RIGHTS);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop table event_sequencer, event_numbers, events;
      drop function arcadia_digest_feed;
    `);
  }
}

const TABLES = `
  create table events (
    seq bigint generated always as identity primary key,
    id uuid not null default arcadia_uuid(),
    at timestamptz not null default clock_timestamp(),
    type text not null,
    tenant_id text,
    actor text,
    by_platform boolean not null default false,
    source text not null,
    subject_type text not null,
    subject_id text not null,
    subject_name text,
    subject_kind text,
    resource_id uuid,
    data jsonb not null default '{}'
  );
  create table event_numbers (
    sequence bigint primary key,
    source text not null,
    event_id bigint not null,
    at timestamptz not null,
    type text not null,
    tenant_id text,
    resource_id uuid,
    kind text,
    actor text,
    by_platform boolean not null default false,
    numbered_at timestamptz not null default clock_timestamp(),
    unique (source, event_id)
  );
  create index event_numbers_of_tenant on event_numbers (tenant_id, sequence) where tenant_id is not null;
  create index event_numbers_of_resource on event_numbers (resource_id, sequence) where resource_id is not null;
  create index event_numbers_by_type on event_numbers (type, sequence);
  create index event_numbers_by_actor on event_numbers (actor, sequence) where actor is not null;
  create index event_numbers_by_time on event_numbers (numbered_at, sequence);
  create table event_sequencer (
    one boolean primary key default true check (one),
    lease_until timestamptz,
    last_sequence bigint not null default 0,
    last_link bigint not null default 0,
    archived_sequence bigint not null default 0,
    archived_before timestamptz
  );
`;

/** As in migration 1030. */
const DIGEST = `
  create function arcadia_digest_feed() returns trigger language plpgsql security definer
    set search_path = public, pg_temp set client_encoding = 'UTF8' as $$
  declare
    made bigint;
  begin
    insert into record_digests (stream, row_count, first_seq, seqs, marks, hash, last_at)
    select 'feed', n, first, case when last - first + 1 = n then int8multirange(int8range(first, last, '[]'))
                                  else (select range_agg(int8range(seq, seq, '[]')) from added) end, marks, sha256(marks), at
      from (select count(*) as n, min(seq) as first, max(seq) as last, max(at) as at,
                   string_agg(substr(sha256(record_send(row(seq, id, at, type, tenant_id, actor, by_platform, source, subject_type, subject_id, subject_name, subject_kind, resource_id, data))), 1, 16), '' order by seq) as marks from added) a
     where n > 0
    returning id into made;
    if made is not null then insert into record_waiting values (made); end if;
    return null;
  end $$;
  revoke all on function arcadia_digest_feed from public;
  create trigger digest after insert on events referencing new table as added
    for each statement execute function arcadia_digest_feed();
`;

const RIGHTS = `
  alter table events enable row level security;
  alter table event_numbers enable row level security;
  alter table event_sequencer enable row level security;
  create policy platform on events using ((select arcadia_is_platform()));
  create policy tenant on events for select using (tenant_id = (select arcadia_tenant()));
  create policy platform on event_numbers using ((select arcadia_is_platform()));
  create policy tenant on event_numbers for select using (tenant_id = (select arcadia_tenant()));
  create policy platform on event_sequencer using ((select arcadia_is_platform()));
  grant select, insert on events, event_numbers to arcadia_service;
  grant select, insert, update on event_sequencer to arcadia_service;
`;
