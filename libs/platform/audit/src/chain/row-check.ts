import type { Queryable } from '#libs/database';
import { LOWEST, MARK_BYTES, markOf, type AppendOnlyStream } from './append-only-stream';
import type { Finding } from './finding';

/** The most digests that one statement checks, and about how many rows. */
const BATCH_DIGESTS = 500;
const BATCH_ROWS = 50_000;

/**
 * Compares digests of a stream, lowest numbers first, with the rows that they cover. Rows are read by ranges of their numbers (`offset 0`
 * keeps the planner from reading the whole table). The ranges of a digest that contradicts itself are not read, because they may be wrong.
 * Rows of archived months may be missing, but may not differ.
 * $1 stream, $2 first number of the previous digest, $3 most digests, $4 about how many rows, $5 the time before which rows are archived.
 * Set-based: one statement checks a batch.
 */
const CHECK_DIGESTS = (stream: AppendOnlyStream) => `
with part as (
  select * from (
    select n.*, sum(n.row_count) over (order by n.first_seq) as so_far
      from (select * from record_digests where stream = $1 and first_seq > $2 order by first_seq limit $3) n) s
   where so_far - row_count < $4),
fitting as (
  select p.*, coalesce(p.form = 1 and p.row_count > 0 and lower(p.seqs) = p.first_seq and octet_length(p.marks) = ${MARK_BYTES}::bigint * p.row_count
              and p.hash = sha256(p.marks)
              and p.row_count = (select sum(upper(r)::numeric - lower(r)) from unnest(p.seqs) r), false) as fits
    from part p),
checked as (
  select p.id, p.first_seq, p.fits, c.digest_id is not null as linked, w.digest_id is not null as waits,
         p.fits and (f.rows = p.row_count and f.marks = p.marks and f.last_at = p.last_at or f.rows = 0 and p.last_at < $5) as whole, f.rows
    from fitting p
    left join record_chain c on c.digest_id = p.id
    left join record_waiting w on w.digest_id = p.id
    left join lateral (
      select count(*) as rows, string_agg(h.mark, '' order by h.seq) as marks, max(h.at) as last_at
        from unnest(case when p.fits then p.seqs end) r cross join lateral (
          select seq, at, ${markOf(stream)} as mark from ${stream.table} where seq >= lower(r) and seq < upper(r) offset 0) h) f on true)
select coalesce(sum(rows), 0)::int as rows, max(first_seq)::text as first_seq,
       coalesce(json_agg(json_build_object('id', id::text, 'fits', fits, 'linked', linked, 'waits', waits, 'whole', whole) order by id)
                filter (where not fits or not coalesce(whole, false) or linked = waits), '[]') as wrong
  from checked`;

/**
 * The rows of one digest that contradict their marks, or are missing but not archived. $1 digest, $2 rows before it are archived.
 * Set-based: compares all rows of a digest.
 */
const FIND_ROWS = (stream: AppendOnlyStream) => `
with wanted as (
  select s.seq, row_number() over (order by s.seq) as place, d.marks, d.last_at < $2 as archived
    from record_digests d cross join lateral unnest(d.seqs) r cross join lateral generate_series(lower(r), upper(r) - 1) s (seq)
   where d.id = $1)
select w.seq::text, h.mark is null as missing
  from wanted w left join lateral (select ${markOf(stream)} as mark from ${stream.table} where seq = w.seq offset 0) h on true
 where h.mark is null and not w.archived or h.mark <> substr(w.marks, ((w.place - 1) * ${MARK_BYTES} + 1)::int, ${MARK_BYTES})
 order by w.seq`;

interface Checked {
  readonly rows: number;
  readonly first_seq: string | null;
  readonly wrong: readonly { id: string; fits: boolean; linked: boolean; waits: boolean; whole: boolean | null }[];
}

/** Compares every digest of a stream with its rows, and reports the rows that differ. */
export async function checkRows(
  on: Queryable,
  stream: AppendOnlyStream,
  archivedBefore: Date | null,
  found: (finding: Finding) => void,
  onChecked: (rows: number) => void,
): Promise<void> {
  const archived = archivedBefore ?? '-infinity';
  let after = LOWEST;
  for (;;) {
    const [batch] = await on.query<Checked>(CHECK_DIGESTS(stream), [stream.name, after, BATCH_DIGESTS, BATCH_ROWS, archived]);
    if (!batch || batch.first_seq === null) return;
    for (const digest of batch.wrong) await reportDigest(on, stream, digest, archived, found);
    onChecked(batch.rows);
    after = batch.first_seq;
  }
}

async function reportDigest(
  on: Queryable,
  stream: AppendOnlyStream,
  { id, fits, linked, waits, whole }: Checked['wrong'][number],
  archived: Date | '-infinity',
  found: (finding: Finding) => void,
): Promise<void> {
  const digest = { table: 'record_digests', id } as const;
  if (linked === waits) found({ what: linked ? 'digest_linked_twice' : 'digest_unlinked', ...digest });
  if (!fits) return found({ what: 'digest_edited', ...digest });
  if (whole) return;
  const rows = await on.query<{ seq: string; missing: boolean }>(FIND_ROWS(stream), [id, archived]);
  for (const { seq, missing } of rows) found({ what: missing ? 'row_missing' : 'row_edited', table: stream.table, id: seq, digest: id });
  if (rows.length === 0 && archived === '-infinity') found({ what: 'digest_edited', ...digest });
}

/** The last number of the next batch. $1 the last number of the previous batch, $2 the size. Set-based: counts a batch. */
const NEXT_BATCH = ({ table }: AppendOnlyStream) => `
select max(seq)::text as upto, count(*)::int as rows from (select seq from ${table} where seq > $1 order by seq limit $2) n`;

/**
 * Rows that no digest covers, so no ordinary transaction wrote them. Concurrent transactions have mixed numbers, so a digest that begins
 * before the batch can reach into it, at most by the longest span of a digest.
 * $1 stream, $2 after, $3 up to, $4 the first number of digests that may reach into the batch. Set-based: checks a batch.
 */
const UNCOVERED = ({ table }: AppendOnlyStream) => `
with covered as (
  select coalesce(range_agg(r), '{}') as seqs from record_digests d cross join lateral unnest(d.seqs) r
   where d.stream = $1 and d.first_seq >= $4 and d.first_seq <= $3)
select e.seq::text from ${table} e, covered c where e.seq > $2 and e.seq <= $3 and not c.seqs @> e.seq order by 1`;

/** Finds rows that were added to a table without a digest. */
export async function checkCoverage(
  on: Queryable,
  stream: AppendOnlyStream,
  found: (finding: Finding) => void,
  onChecked: (rows: number) => void,
): Promise<void> {
  // Set-based: the longest span of all digests of the stream.
  const [span] = await on.query<{ longest: string }>(
    'select coalesce(max(upper(seqs)::numeric - first_seq), 0)::text as longest from record_digests where stream = $1',
    [stream.name],
  );
  const longest = BigInt(span?.longest ?? '0');
  let after = LOWEST;
  for (;;) {
    const [batch] = await on.query<{ upto: string | null; rows: number }>(NEXT_BATCH(stream), [after, BATCH_ROWS]);
    if (!batch || batch.upto === null) return;
    const from = BigInt(after) - longest;
    const reaching = from > BigInt(LOWEST) ? String(from) : LOWEST;
    const added = await on.query<{ seq: string }>(UNCOVERED(stream), [stream.name, after, batch.upto, reaching]);
    for (const { seq } of added) found({ what: 'row_added', table: stream.table, id: seq });
    onChecked(batch.rows);
    after = batch.upto;
  }
}
