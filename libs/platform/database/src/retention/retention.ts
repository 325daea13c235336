import { Database } from '../database';
import { errorCode } from '#libs/kernel';
import { Injectable, Logger } from '@nestjs/common';
import type { RetentionRule } from './retention-rule';

/** Rows per transaction: tens of milliseconds with years of rows, so that nobody waits and no replica falls behind. */
const ROWS_AT_ONCE = 1_000;

/** Removes what has served its time, in small batches, each a transaction of its own. */
@Injectable()
export class Retention {
  private readonly log = new Logger('Retention');

  constructor(private readonly database: Database) {}

  /** Applies the rules one after the other; one that fails does not stop the others. Ends after the batch at hand when aborted. */
  async apply(rules: readonly RetentionRule[], signal?: AbortSignal): Promise<Record<string, number>> {
    const removed: Record<string, number> = {};
    for (const rule of rules) {
      if (signal?.aborted) break;
      try {
        removed[rule.what] = await this.applyOne(rule, signal);
      } catch (error) {
        this.log.warn({ event: 'retention_failed', what: rule.what, code: errorCode(error) });
      }
    }
    if (Object.values(removed).some((rows) => rows > 0)) this.log.log({ event: 'retention_applied', removed });
    return removed;
  }

  private async applyOne({ remove, values }: RetentionRule, signal?: AbortSignal): Promise<number> {
    for (let removed = 0; ;) {
      const [batch] = await this.database.query<{ rows: number }>(
        `with gone as (${remove} returning 1) select count(*)::int as rows from gone`,
        [ROWS_AT_ONCE, ...values],
      );
      removed += batch?.rows ?? 0;
      if (batch?.rows !== ROWS_AT_ONCE || signal?.aborted) return removed;
    }
  }
}
