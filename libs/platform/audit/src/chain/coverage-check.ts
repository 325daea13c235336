import type { Queryable } from '#libs/database';
import { LOWEST, type AppendOnlyStream } from './append-only-stream';
import type { Finding } from './finding';

/** Rows that one statement checks. */
const BATCH_ROWS = 50_000;

/** The last number of the next batch. $1 the last number of the previous batch, $2 the size. */
const NEXT_BATCH = ({ table }: AppendOnlyStream) => `
select max(seq)::text as upto, count(*)::int as rows from (select seq from ${table} where seq > $1 order by seq limit $2) n`;

/**
 * Rows that no digest covers, so no ordinary transaction wrote them. Concurrent transactions have mixed numbers, so a digest that begins
 * before the batch can reach into it, at most by the longest span of a digest.
 * $1 stream, $2 after, $3 up to, $4 the first number of digests that may reach into the batch.
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
