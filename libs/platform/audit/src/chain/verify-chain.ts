import type { Queryable, Session } from '#libs/database';
import type { AppendOnlyStream } from './append-only-stream';
import type { ChainHead } from './chain-head';
import { checkCoverage } from './coverage-check';
import type { Finding } from './finding';
import { checkLinks, holds } from './link-check';
import { checkRows } from './row-check';

/** How far the verification is: what it looks at now, and how much of that it has seen. */
export interface VerifyProgress {
  readonly looking_at: string;
  readonly seen: number;
}

export interface VerifyAgainst {
  /** Every stream that the chain covers, from the libraries that own the tables. */
  readonly streams: readonly AppendOnlyStream[];
  /** A head that was exported earlier. */
  readonly exported?: ChainHead | undefined;
  /** Days that events are kept: months that left sooner are a finding. */
  readonly keepDays: number;
}

export interface Verified {
  /** The last link that was there. */
  readonly head: ChainHead;
  /** Digests that no link holds yet: the next sealing does. */
  readonly waiting: number;
  readonly rows: number;
  /** Events of before have left by whole months; null: none has. */
  readonly leftBefore: Date | null;
}

/**
 * Looks at the whole chain, every digest and every row, in one snapshot: work may go on meanwhile. Each statement reads a bounded part; nothing
 * is kept but what is handed to `found`. It uses none of the functions of the database's own schema.
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
    if (exported && !(await holds(on, exported))) found({ what: 'head_missing', table: 'record_chain', id: exported.no });
    let rows = 0;
    let leftBefore: Date | null = null;
    for (const of of streams) {
      const before = of.archivedMonths === undefined ? null : await checkArchivedMonths(on, of.archivedMonths, keepDays, found);
      if (before && (!leftBefore || before > leftBefore)) leftBefore = before;
      await checkRows(on, of, before, found, counter(of.table));
      const count = counter(`${of.table}, uncovered`);
      await checkCoverage(on, of, found, (more) => {
        rows += more;
        count(more);
      });
    }
    const [waiting] = await on.query<{ digests: number }>('select count(*)::int as digests from record_waiting');
    return { head, waiting: waiting?.digests ?? 0, rows, leftBefore };
  }, 'snapshot');
}

/** A month may have been written down by somebody who wanted its events gone: by us only when it was old enough. */
async function checkArchivedMonths(
  on: Queryable,
  table: string,
  keepDays: number,
  found: (finding: Finding) => void,
): Promise<Date | null> {
  const months = await on.query<{ seq: string; before: Date; too_early: boolean }>(
    `select seq::text, before, before > now() - $1::int * interval '1 day' or before is distinct from (month + interval '1 month') at time zone 'UTC' as too_early
       from ${table} order by before desc`,
    [keepDays],
  );
  for (const { seq } of months.filter(({ too_early }) => too_early)) found({ what: 'left_too_early', table, id: seq });
  return months.find(({ too_early }) => !too_early)?.before ?? null;
}
