import type { Queryable, Session } from '#libs/database';
import type { AppendOnlyStream } from './append-only-stream';
import type { ChainHead } from './chain-head';
import type { Finding } from './finding';
import { checkLinks, containsHead } from './link-check';
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
