import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Months of events that have left (INV-14): which, and what was known of each resource at their end when something had happened to it. Both tables are
 * chained like the events. Digests and links stay when events leave, so the chain remains verifiable from its first link.
 * A tombstone of a time whose events have left gets its time of deletion from here, so `arcadia_inventory_at` asks here too.
 * New objects only, but for that function: locks nothing that is in use.
 */
export class EventMonths1795000001033 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(TABLES);
    await runner.query(digestFunction('event_months', 'seq, month, before, events, resources, at, by_whom'));
    await runner.query(digestFunction('event_last_values', 'seq, month, resource_id, last_values, at'));
    await runner.query(`
      create trigger digest after insert on cloud_event_months referencing new table as added
        for each statement execute function arcadia_digest_event_months();
      create trigger digest after insert on cloud_event_last_values referencing new table as added
        for each statement execute function arcadia_digest_event_last_values();
    `);
    await changeInventoryAt(runner, FROM_EVENTS, FROM_EVENTS_AND_MONTHS);
  }

  async down(runner: QueryRunner): Promise<void> {
    await changeInventoryAt(runner, FROM_EVENTS_AND_MONTHS, FROM_EVENTS);
    await runner.query(`
      drop table cloud_event_last_values, cloud_event_months;
      drop function arcadia_digest_event_last_values, arcadia_digest_event_months;
    `);
  }
}

const TABLES = `
  create table cloud_event_months (
    seq bigint generated always as identity primary key,
    month date not null unique,
    before timestamptz not null,          -- digests whose last row is older have lost their rows
    events bigint not null,
    resources int not null,
    at timestamptz not null default clock_timestamp(),
    by_whom text not null default session_user
  );
  create table cloud_event_last_values (
    seq bigint generated always as identity primary key,
    month date not null,
    resource_id uuid not null,
    last_values jsonb not null,
    at timestamptz not null default clock_timestamp(),
    unique (resource_id, month)
  );
  alter table cloud_event_months enable row level security;
  alter table cloud_event_last_values enable row level security;
  create policy platform on cloud_event_months using ((select arcadia_is_platform()));
  create policy platform on cloud_event_last_values using ((select arcadia_is_platform()));
  grant select on cloud_event_months, cloud_event_last_values to arcadia_service;
`;

/** As in migration 1030. */
function digestFunction(stream: string, columns: string): string {
  return `
    create function arcadia_digest_${stream}() returns trigger language plpgsql security definer
      set search_path = public, pg_temp set client_encoding = 'UTF8' as $$
    declare
      made bigint;
    begin
      insert into record_digests (stream, row_count, first_seq, seqs, marks, hash, last_at)
      select '${stream}', n, first, case when last - first + 1 = n then int8multirange(int8range(first, last, '[]'))
                                         else (select range_agg(int8range(seq, seq, '[]')) from added) end, marks, sha256(marks), at
        from (select count(*) as n, min(seq) as first, max(seq) as last, max(at) as at,
                     string_agg(substr(sha256(record_send(row(${columns}))), 1, 16), '' order by seq) as marks from added) a
       where n > 0
      returning id into made;
      if made is not null then insert into record_waiting values (made); end if;
      return null;
    end $$;
    revoke all on function arcadia_digest_${stream} from public;
  `;
}

const FROM_EVENTS = `and d.type = 'deleted' and d.at <= moment), t.deleted_at)`;
const FROM_EVENTS_AND_MONTHS = `and d.type = 'deleted' and d.at <= moment),
                 (select (v.last_values ->> 'deleted_at')::timestamptz from cloud_event_last_values v
                   where v.resource_id = t.id order by v.month desc limit 1), t.deleted_at)`;

async function changeInventoryAt(runner: QueryRunner, from: string, to: string): Promise<void> {
  const [row] = (await runner.query(
    `select pg_get_functiondef('arcadia_inventory_at(timestamptz, jsonb)'::regprocedure) as definition`,
  )) as { definition: string }[];
  const changed = row?.definition.replace(from, to);
  if (changed === undefined || changed === row?.definition)
    throw new Error('arcadia_inventory_at is not the one that this migration knows');
  await runner.query(changed);
}
