import { ADVISORY_LOCKS, type RepeatableSql } from '#libs/database';
import { MARK_BYTES, type AppendOnlyStream } from '../chain/append-only-stream';

/**
 * The trigger function that writes the digest of the rows that a statement added. Text is hashed in UTF-8, whatever the encoding of the
 * client. It works as the owner, because the service role cannot write digests. Set-based: all rows of a statement. [INV-14]
 */
const digestFunction = ({ name, columns }: AppendOnlyStream): string => `
create or replace function arcadia_digest_${name}() returns trigger language plpgsql security definer
  set search_path = public, pg_temp set client_encoding = 'UTF8' as $$
declare
  made bigint;
begin
  insert into record_digests (stream, row_count, first_seq, seqs, marks, hash, last_at)
  select '${name}', n, first, case when last - first + 1 = n then int8multirange(int8range(first, last, '[]'))
                                     else (select range_agg(int8range(seq, seq, '[]')) from added) end, marks, sha256(marks), at
    from (select count(*) as n, min(seq) as first, max(seq) as last, max(at) as at,
                 string_agg(substr(sha256(record_send(row(${columns}))), 1, ${MARK_BYTES}), '' order by seq) as marks from added) a
   where n > 0
  returning id into made;
  if made is not null then insert into record_waiting values (made); end if;
  return null;
end $$;
revoke all on function arcadia_digest_${name} from public;`;

/**
 * Links at most `most` digests, oldest first, and returns their number; 0 while another session links.
 * Fenced: the advisory lock lets one session at a time link. [INV-14]
 */
const SEAL_RECORDS = `
create or replace function arcadia_seal_records(most int) returns int language plpgsql security definer set search_path = public, pg_temp as $$
declare
  link_no bigint;
  link_hash bytea;
  before bytea;
  one record;
  sealed int := 0;
begin
  if not pg_try_advisory_xact_lock(${ADVISORY_LOCKS.sealing}) then return 0; end if;
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
grant execute on function arcadia_seal_records to arcadia_service;`;

/** The functions of the chain for these streams. The verifier uses none of them: it has its own copy of the canonical form. */
export const chainFunctions = (streams: readonly AppendOnlyStream[]): RepeatableSql[] => [
  ...streams.map((stream) => ({ kind: 'function', name: `arcadia_digest_${stream.name}`, sql: digestFunction(stream) }) as const),
  { kind: 'function', name: 'arcadia_seal_records', sql: SEAL_RECORDS },
];
