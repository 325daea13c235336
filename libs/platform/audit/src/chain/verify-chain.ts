import type { Queryable, Session } from '#libs/database';
import { linkHash, type AppendOnlyStream } from './append-only-stream';
import { NO_HEAD, type ChainHead } from './chain-sealer';
import type { Finding } from './finding';
import { checkCoverage, checkRows } from './row-check';

/** The progress of a verification: the table that it reads, and the number of rows read there. */
export interface VerifyProgress {
  readonly looking_at: string;
  readonly seen: number;
}

export interface VerifyAgainst {
  /** Every stream that the chain covers, from the libraries that own the tables. */
  readonly streams: readonly AppendOnlyStream[];
  /** An earlier exported head. */
  readonly exported?: ChainHead | undefined;
  /** Days that events must be kept: a month archived earlier is a finding. */
  readonly keepDays: number;
}

export interface Verified {
  /** The last link of the chain. */
  readonly head: ChainHead;
  /** Digests that are not yet linked; the next run of the sealer links them. */
  readonly waiting: number;
  readonly rows: number;
  /** Events before this time are archived, by whole months; null when no month is archived. */
  readonly archivedBefore: Date | null;
}

/**
 * Checks the whole chain, every digest and every row, in one snapshot, while other transactions continue. Each statement reads a bounded
 * batch, and memory holds only the findings passed to `found`. It uses no function of our own schema, which an attacker could change.
 */
export function verifyChain(
  session: Session,
  { streams, exported, keepDays }: VerifyAgainst,
  found: (finding: Finding) => void,
  progress: (at: VerifyProgress) => void = () => undefined,
): Promise<Verified> {
  return session.transaction(async (on) => {
    const counter = (looking_at: string) => {
      let seen = 0;
      return (more: number) => progress({ looking_at, seen: (seen += more) });
    };
    const head = await checkLinks(on, found, counter('record_chain'));
    if (exported && !(await containsHead(on, exported))) found({ what: 'head_missing', table: 'record_chain', id: exported.no });
    let rows = 0;
    let archivedBefore: Date | null = null;
    for (const stream of streams) {
      const before = stream.archivedMonths === undefined ? null : await checkArchivedMonths(on, stream.archivedMonths, keepDays, found);
      if (before && (!archivedBefore || before > archivedBefore)) archivedBefore = before;
      await checkRows(on, stream, before, found, counter(stream.table));
      const count = counter(`${stream.table}, uncovered`);
      await checkCoverage(on, stream, found, (more) => {
        rows += more;
        count(more);
      });
    }
    // Set-based: counts in the snapshot of the verification.
    const [waiting] = await on.query<{ digests: number }>('select count(*)::int as digests from record_waiting');
    return { head, waiting: waiting?.digests ?? 0, rows, archivedBefore };
  }, 'snapshot');
}

/** An attacker may have listed a month as archived to hide deleted events. The archive command lists a month only when it is old enough. */
async function checkArchivedMonths(
  on: Queryable,
  table: string,
  keepDays: number,
  found: (finding: Finding) => void,
): Promise<Date | null> {
  // Set-based: compares all archived months, in the snapshot of the verification.
  const months = await on.query<{ seq: string; before: Date; too_early: boolean }>(
    `select seq::text, before, before > now() - $1::int * interval '1 day' or before is distinct from (month + interval '1 month') at time zone 'UTC' as too_early
       from ${table} order by before desc`,
    [keepDays],
  );
  for (const { seq } of months.filter(({ too_early }) => too_early)) found({ what: 'left_too_early', table, id: seq });
  return months.find(({ too_early }) => !too_early)?.before ?? null;
}

/** Links that one statement checks. */
const BATCH_LINKS = 5_000;

/**
 * Checks a batch of links. Numbers begin at 1; the first batch also reads lower ones. Returns one row: the wrong links and the last link.
 * $1 number of the previous link, $2 its hash in hex, $3 batch size. Set-based: one statement checks a batch.
 */
const CHECK_LINKS = `
with part as (
  select l.*, lag(l.no, 1, $1::bigint) over (order by l.no) as prev_no, lag(l.hash, 1, decode($2, 'hex')) over (order by l.no) as last_hash
    from (select * from record_chain where no > $1 or $1 = 0 order by no limit $3) l),
checked as (
  select l.no, l.prev_no, l.digest_id, l.hash, d.id is not null as has_digest,
         l.prev_hash = l.last_hash and l.hash = ${linkHash('l.prev_hash')} as follows
    from part l left join record_digests d on d.id = l.digest_id)
select count(*)::int as links, max(no)::text as no, encode((array_agg(hash order by no desc))[1], 'hex') as hash,
       coalesce(json_agg(json_build_object('no', no::text, 'prev_no', prev_no::text, 'digest', digest_id::text, 'has_digest', has_digest) order by no)
                filter (where prev_no + 1 <> no or not has_digest or not follows), '[]') as wrong
  from checked`;

interface CheckedLinks {
  readonly links: number;
  readonly no: string | null;
  readonly hash: string | null;
  readonly wrong: readonly { no: string; prev_no: string; digest: string; has_digest: boolean }[];
}

/** Checks the chain from its first link: numbers without a gap, each hash computed over the previous hash and the link's digest. */
async function checkLinks(on: Queryable, found: (finding: Finding) => void, onChecked: (links: number) => void): Promise<ChainHead> {
  let head = NO_HEAD;
  for (;;) {
    const [batch] = await on.query<CheckedLinks>(CHECK_LINKS, [head.no, head.hash, BATCH_LINKS]);
    if (!batch || batch.no === null || batch.hash === null) return head;
    for (const link of batch.wrong) for (const finding of findingsOf(link)) found(finding);
    onChecked(batch.links);
    head = { no: batch.no, hash: batch.hash };
  }
}

/** True when the chain contains the exported head. With intact links, everything before it is then unchanged since the export. */
async function containsHead(on: Queryable, head: ChainHead): Promise<boolean> {
  if (head.no === NO_HEAD.no) return true;
  // Fenced: reads the snapshot of the verification, on its session, which has no repositories.
  const rows = await on.query(`select from record_chain where no = $1 and encode(hash, 'hex') = $2`, [head.no, head.hash]);
  return rows.length > 0;
}

function findingsOf({ no, prev_no, digest, has_digest }: CheckedLinks['wrong'][number]): Finding[] {
  const gap = BigInt(no) - BigInt(prev_no) > 1n;
  if (gap) return [{ what: 'link_missing', table: 'record_chain', id: String(BigInt(prev_no) + 1n) }];
  if (!has_digest) return [{ what: 'digest_missing', table: 'record_digests', id: digest }];
  return [{ what: 'link_edited', table: 'record_chain', id: no, digest }];
}
