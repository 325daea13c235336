import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The chain over the append-only tables (INV-14). Every statement that adds rows to one of them leaves a digest of those rows, by a trigger, in its
 * own transaction: no writer can forget it, and none waits for another. `arcadia_seal_records` links what has been committed since, one caller at
 * a time, each link over the one before.
 * A digest names the numbers it covers: those that a rolled-back transaction used up are in none, and a row that is removed later is missed.
 * The functions work as the owner: the service role can neither write digests nor links. `form` is the number of the canonical form that was hashed;
 * the verifier (`libs/audit`) has its own copy of it, so a function that somebody changes here convinces nobody.
 * New objects only, but for the triggers: making one waits for the writers of its table to pause once.
 */
export class ChainedRecords1795000001030 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(TABLES);
    await runner.query(digestFunction('events', EVENT));
    await runner.query(digestFunction('audit', AUDIT_ENTRY));
    await runner.query(SEAL);
    await runner.query(`
      create trigger digest after insert on cloud_resource_events referencing new table as added
        for each statement execute function arcadia_digest_events();
      create trigger digest after insert on audit_log referencing new table as added
        for each statement execute function arcadia_digest_audit();
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop trigger digest on audit_log;
      drop trigger digest on cloud_resource_events;
      drop function arcadia_seal_records, arcadia_digest_audit, arcadia_digest_events;
      drop table record_chain, record_waiting, record_digests;
    `);
  }
}

const EVENT = 'seq, id, resource_id, tenant_id, type, source, at, changes, sweep_id';
const AUDIT_ENTRY = 'seq, id, at, actor, actor_role, actor_tenant_id, action, target_type, target_id, reason, details, request_id';

const TABLES = `
  create table record_digests (
    id bigint generated always as identity primary key,
    stream text not null,
    form smallint not null default 1,
    row_count int not null,
    first_seq bigint not null,
    seqs int8multirange not null,      -- the numbers of the rows, exactly
    marks bytea not null,              -- the first 16 bytes of the SHA-256 of each row, in the order of their numbers
    hash bytea not null,               -- over the marks
    last_at timestamptz not null,
    xid xid8 not null default pg_current_xact_id(),
    unique (stream, first_seq)
  );
  alter table record_digests alter marks set storage external;
  create table record_waiting (digest_id bigint primary key);
  create table record_chain (
    no bigint primary key,
    digest_id bigint not null unique,
    prev_hash bytea not null,
    hash bytea not null,
    sealed_at timestamptz not null
  );
  alter table record_digests enable row level security;
  alter table record_waiting enable row level security;
  alter table record_chain enable row level security;
  create policy platform on record_digests using ((select arcadia_is_platform()));
  create policy platform on record_waiting using ((select arcadia_is_platform()));
  create policy platform on record_chain using ((select arcadia_is_platform()));
  grant select on record_digests, record_waiting, record_chain to arcadia_service;
`;

/** Text is hashed in UTF-8, whatever the encoding of the client: its rows are recorded the same. */
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

/** Links at most so many digests, oldest first, and answers how many; none while another session is at it. */
const SEAL = `
  create function arcadia_seal_records(most int) returns int language plpgsql security definer set search_path = public, pg_temp as $$
  declare
    link_no bigint;
    link_hash bytea;
    before bytea;
    one record;
    sealed int := 0;
  begin
    if not pg_try_advisory_xact_lock(815004007) then return 0; end if;
    select no, hash into link_no, link_hash from record_chain order by no desc limit 1;
    link_no := coalesce(link_no, 0);
    link_hash := coalesce(link_hash, '');
    for one in
      with taken as (
        delete from record_waiting where digest_id in (select digest_id from record_waiting order by digest_id limit most) returning digest_id)
      select d.id, clock_timestamp() as at,
             json_build_array(d.id, d.stream, d.form, d.row_count, d.first_seq, d.seqs::text, encode(d.hash, 'hex'),
                              extract(epoch from d.last_at), d.xid::text) as digest
        from taken t join record_digests d on d.id = t.digest_id order by d.id
    loop
      before := link_hash;
      link_no := link_no + 1;
      link_hash := sha256(convert_to(
        json_build_array(link_no, encode(before, 'hex'), extract(epoch from one.at), one.digest)::text, 'UTF8'));
      insert into record_chain (no, digest_id, prev_hash, hash, sealed_at) values (link_no, one.id, before, link_hash, one.at);
      sealed := sealed + 1;
    end loop;
    return sealed;
  end $$;
  revoke all on function arcadia_seal_records from public;
  grant execute on function arcadia_seal_records to arcadia_service;
`;
