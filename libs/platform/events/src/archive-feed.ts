import type { Session } from '#libs/database';

// All statements of this file are set-based and run in the session of an operator's command, as the owner of the tables.

const DIGESTS_PER_BATCH = 200;
const NUMBERS_PER_BATCH = 20_000;

/** Readers are refused from now on, so none finds a gap. $1 before. Returns the first and the last number to delete. */
const RECORD = `
with old as (select min(sequence) as first, max(sequence) as last from event_numbers where at < $1),
recorded as (
  update event_sequencer s set archived_sequence = greatest(s.archived_sequence, o.last), archived_before = $1
    from old o where o.last is not null)
select first::text, last::text from old`;

/** $1 after, $2 up to, $3 before. */
const DELETE_NUMBERS = 'delete from event_numbers where sequence > $1 and sequence <= $2 and at < $3';

/** The number before the first row of the oldest digest that may still have rows. */
const FIRST_REMAINING = `
select ((select coalesce(min(seq), 0) from events)
      - (select coalesce(max(upper(seqs) - first_seq), 0) from record_digests where stream = 'feed') - 1)::text as after`;

/** Deletes the rows of the next digests that ended before. $1 first number of the previous digest, $2 before, $3 most digests. */
const DELETE_ROWS = `
with part as (
  select first_seq, seqs from record_digests where stream = 'feed' and first_seq > $1 and last_at < $2 order by first_seq limit $3),
deleted as (
  delete from events e using part p cross join lateral unnest(p.seqs) r where e.seq >= lower(r) and e.seq < upper(r))
select max(first_seq)::text as upto from part`;

/**
 * Deletes the numbers of all events before a time, and the rows of the log. The caller has recorded the archived months; their rows may be
 * missing from the chain, and deletes the rows of its own tables. Repeating it finishes what a crash has left. [INV-14]
 */
export async function archiveFeed(session: Session, before: Date): Promise<void> {
  const [old] = await session.query<{ first: string | null; last: string | null }>(RECORD, [before]);
  if (old?.first && old.last) {
    const last = BigInt(old.last);
    for (let after = BigInt(old.first) - 1n; after < last; after += BigInt(NUMBERS_PER_BATCH))
      await session.query(DELETE_NUMBERS, [String(after), String(after + BigInt(NUMBERS_PER_BATCH)), before]);
  }
  const [start] = await session.query<{ after: string }>(FIRST_REMAINING);
  for (let after: string | null = start?.after ?? null; after !== null;) {
    const [part] = await session.query<{ upto: string | null }>(DELETE_ROWS, [after, before, DIGESTS_PER_BATCH]);
    after = part?.upto ?? null;
  }
}
