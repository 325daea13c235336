import type { Queryable } from '#libs/database';
import { LOWEST, type AppendOnlyStream } from './append-only-stream';
import type { Finding } from './finding';

/** Rows that one statement looks at. */
const AT_ONCE = 50_000;

/** The last of the next so many numbers. $1 the last one before, $2 how many. */
const NEXT_PART = ({ table }: AppendOnlyStream) => `
select max(seq)::text as upto, count(*)::int as rows from (select seq from ${table} where seq > $1 order by seq limit $2) n`;

/**
 * Rows that no digest covers: nobody's transaction wrote them. Numbers of transactions that ran at once are mixed, so a digest that began before
 * the part reaches into it: at most by the longest reach there is. $1 stream, $2 after, $3 up to, $4 first number of digests that may reach into it.
 */
const UNCOVERED = ({ table }: AppendOnlyStream) => `
with covered as (
  select coalesce(range_agg(r), '{}') as seqs from record_digests d cross join lateral unnest(d.seqs) r
   where d.stream = $1 and d.first_seq >= $4 and d.first_seq <= $3)
select e.seq::text from ${table} e, covered c where e.seq > $2 and e.seq <= $3 and not c.seqs @> e.seq order by 1`;

/** Finds the rows of a table that were added past its digests. */
export async function checkCoverage(
  on: Queryable,
  of: AppendOnlyStream,
  found: (finding: Finding) => void,
  looked: (rows: number) => void,
): Promise<void> {
  const [reach] = await on.query<{ longest: string }>(
    'select coalesce(max(upper(seqs)::numeric - first_seq), 0)::text as longest from record_digests where stream = $1',
    [of.name],
  );
  const longest = BigInt(reach?.longest ?? '0');
  let after = LOWEST;
  for (;;) {
    const [part] = await on.query<{ upto: string | null; rows: number }>(NEXT_PART(of), [after, AT_ONCE]);
    if (!part || part.upto === null) return;
    const from = BigInt(after) - longest;
    const reaching = from > BigInt(LOWEST) ? String(from) : LOWEST;
    const added = await on.query<{ seq: string }>(UNCOVERED(of), [of.name, after, part.upto, reaching]);
    for (const { seq } of added) found({ what: 'row_added', table: of.table, id: seq });
    looked(part.rows);
    after = part.upto;
  }
}
