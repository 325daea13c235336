import type { Queryable } from '#libs/database';
import { LOWEST, MARK_BYTES, markOf, type AppendOnlyStream } from './append-only-stream';
import type { Finding } from './finding';

/** Digests that one statement looks at, and about how many rows. */
const DIGESTS_AT_ONCE = 500;
const ROWS_AT_ONCE = 50_000;

/**
 * Digests of a stream, oldest numbers first, compared with the rows they cover. Rows are read by ranges of their numbers (`offset 0` keeps the
 * planner from reading the whole table instead). A digest that contradicts itself is not unfolded: its ranges may be anything.
 * Rows of digests that ended before their months left may be gone, but not be others.
 * $1 stream, $2 first number of the digest before, $3 most digests, $4 about how many rows, $5 what had left by when.
 */
const CHECK_DIGESTS = (of: AppendOnlyStream) => `
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
          select seq, at, ${markOf(of)} as mark from ${of.table} where seq >= lower(r) and seq < upper(r) offset 0) h) f on true)
select count(*)::int as looked_at, coalesce(sum(rows), 0)::int as rows, max(first_seq)::text as first_seq,
       coalesce(json_agg(json_build_object('id', id::text, 'fits', fits, 'linked', linked, 'waits', waits, 'whole', whole) order by id)
                filter (where not fits or not coalesce(whole, false) or linked = waits), '[]') as wrong
  from checked`;

/** The rows of one digest that are not as their marks say, or are missing and have not left. $1 digest, $2 what had left by when. */
const FIND_ROWS = (of: AppendOnlyStream) => `
with wanted as (
  select s.seq, row_number() over (order by s.seq) as place, d.marks, d.last_at < $2 as left_by_then
    from record_digests d cross join lateral unnest(d.seqs) r cross join lateral generate_series(lower(r), upper(r) - 1) s (seq)
   where d.id = $1)
select w.seq::text, h.mark is null as missing
  from wanted w left join lateral (select ${markOf(of)} as mark from ${of.table} where seq = w.seq offset 0) h on true
 where h.mark is null and not w.left_by_then or h.mark <> substr(w.marks, ((w.place - 1) * ${MARK_BYTES} + 1)::int, ${MARK_BYTES})
 order by w.seq`;

interface Checked {
  readonly looked_at: number;
  readonly rows: number;
  readonly first_seq: string | null;
  readonly wrong: readonly { id: string; fits: boolean; linked: boolean; waits: boolean; whole: boolean | null }[];
}

/** Compares every digest of a table with its rows, and says which rows differ. */
export async function checkRows(
  on: Queryable,
  of: AppendOnlyStream,
  leftBefore: Date | null,
  found: (finding: Finding) => void,
  looked: (rows: number) => void,
): Promise<void> {
  const left = leftBefore ?? '-infinity';
  let after = LOWEST;
  for (;;) {
    const [part] = await on.query<Checked>(CHECK_DIGESTS(of), [of.name, after, DIGESTS_AT_ONCE, ROWS_AT_ONCE, left]);
    if (!part || part.first_seq === null) return;
    for (const digest of part.wrong) await explain(on, of, digest, left, found);
    looked(part.rows);
    after = part.first_seq;
  }
}

async function explain(
  on: Queryable,
  of: AppendOnlyStream,
  { id, fits, linked, waits, whole }: Checked['wrong'][number],
  left: Date | '-infinity',
  found: (finding: Finding) => void,
): Promise<void> {
  const digest = { table: 'record_digests', id } as const;
  if (linked === waits) found({ what: linked ? 'digest_linked_twice' : 'digest_unlinked', ...digest });
  if (!fits) return found({ what: 'digest_edited', ...digest });
  if (whole) return;
  const rows = await on.query<{ seq: string; missing: boolean }>(FIND_ROWS(of), [id, left]);
  for (const { seq, missing } of rows) found({ what: missing ? 'row_missing' : 'row_edited', table: of.table, id: seq, digest: id });
  if (rows.length === 0 && left === '-infinity') found({ what: 'digest_edited', ...digest });
}
