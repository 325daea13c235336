import { errorFields } from '#libs/kernel';
import { Injectable, Logger } from '@nestjs/common';
import { Database } from './database';

/** The rows of one table that may be deleted, declared by the library that owns the table. */
export interface RetentionRule {
  /** The name of the rows in the log. */
  readonly what: string;
  /** A `delete` of at most `$1` rows in any order; repeated until it deletes fewer. It must skip rows that other sessions have locked. */
  readonly remove: string;
  /** From `$2` on. */
  readonly values: readonly unknown[];
}

/** Rows per transaction: tens of milliseconds even with years of rows, so that no session waits long and no replica falls behind. */
const BATCH_ROWS = 1_000;

/** Deletes expired rows in small batches, each in a transaction of its own. */
@Injectable()
export class Retention {
  private readonly log = new Logger('Retention');

  constructor(private readonly database: Database) {}

  /** Applies the rules one after the other; a rule that fails does not stop the others. Ends after the current batch when aborted. */
  async apply(rules: readonly RetentionRule[], signal?: AbortSignal): Promise<Record<string, number>> {
    const removed: Record<string, number> = {};
    for (const rule of rules) {
      if (signal?.aborted) break;
      try {
        removed[rule.what] = await this.applyRule(rule, signal);
      } catch (error) {
        this.log.warn({ event: 'retention_failed', what: rule.what, ...errorFields(error) });
      }
    }
    if (Object.values(removed).some((rows) => rows > 0)) this.log.log({ event: 'retention_applied', removed });
    return removed;
  }

  private async applyRule({ remove, values }: RetentionRule, signal?: AbortSignal): Promise<number> {
    for (let removed = 0; ;) {
      const [batch] = await this.database.query<{ rows: number }>(
        `with deleted as (${remove} returning 1) select count(*)::int as rows from deleted`,
        [BATCH_ROWS, ...values],
      );
      removed += batch?.rows ?? 0;
      if (batch?.rows !== BATCH_ROWS || signal?.aborted) return removed;
    }
  }
}
