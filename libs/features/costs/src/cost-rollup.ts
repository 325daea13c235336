import { Database, lockTransaction, type Queryable } from '#libs/database';
import { Injectable } from '@nestjs/common';
import { ACCRUAL_SETTINGS, accrualStatement, type AccrualRequest } from './accrual.sql';
import { BEGIN, FOLD, ROLLUP_MONTH, TURN, USABLE_ROLLUP } from './cost-rollup.sql';

/** Changes of one transaction: about a second of work. */
const BATCH = 10_000;

/** SQL: the begin of the running month. */
const RUNNING = `date_trunc('month', clock_timestamp() at time zone 'UTC') at time zone 'UTC'`;

/** Set-based: what a run has to do. */
const STATE = `
select ${RUNNING} as running, ${ROLLUP_MONTH} as month, exists (select from cost_rollup_changes) as has_changes`;

interface State {
  readonly running: Date;
  readonly month: Date | null;
  readonly has_changes: boolean;
}

/**
 * Keeps the roll-up of running costs, and reads sums from it. The only writer of its tables; triggers note what changes. The number of
 * resources that are billed alike since before the month is all that an accrual needs of them, so most of a month is a few rows.
 */
@Injectable()
export class CostRollup {
  constructor(private readonly database: Database) {}

  /** Builds the roll-up, goes on to a new month, and folds all noted changes. Returns how many. After a crash the next run goes on. */
  async run(signal?: AbortSignal): Promise<number> {
    const { month, running, has_changes: hasChanges } = await this.state(this.database);
    if (month === null || month < running) await this.begin();
    else if (!hasChanges) return 0;
    return this.foldAll(signal);
  }

  /** Folds noted changes until there are none. */
  async foldAll(signal?: AbortSignal): Promise<number> {
    for (let all = 0; ;) {
      signal?.throwIfAborted();
      const folded = await this.fold();
      all += folded;
      if (folded < BATCH) return all;
    }
  }

  /** One transaction with at most `limit` changes. Processes wait for each other; the lock comes before the snapshot. */
  fold(limit = BATCH): Promise<number> {
    return this.database.transaction(async (tx) => {
      await lockTransaction(tx, 'costRollup');
      const { month } = await this.state(tx);
      if (month === null) return 0;
      await tx.query(`set local enable_sort = on; set local jit = off; set local work_mem = '32MB'`);
      const [row] = await tx.query<{ folded: number }>(FOLD, [month, limit]);
      return row?.folded ?? 0;
    });
  }

  /**
   * The sums of an accrual: from the roll-up where the months and the question allow it, and else from all resources. Both give the same to the
   * last place.
   */
  async sums<R>(request: AccrualRequest): Promise<R | undefined> {
    const [usable] = canRoll(request) ? await this.database.query<{ month: Date | null }>(`select ${USABLE_ROLLUP} as month`) : [];
    const first = new Date(`${request.window.since.slice(0, 7)}-01T00:00:00Z`);
    if (usable?.month && usable.month <= first) {
      const row = await this.answer<R & { is_current: boolean }>({ ...request, fromRollup: true });
      if (row?.is_current) return row;
    }
    return this.answer<R>(request);
  }

  private answer<R>(request: AccrualRequest): Promise<R | undefined> {
    const { text, values } = accrualStatement(request);
    return this.database.transaction(async (tx) => {
      await tx.query(ACCRUAL_SETTINGS);
      return (await tx.query<R>(text, values))[0];
    });
  }

  private begin(): Promise<void> {
    return this.database.transaction(async (tx) => {
      await lockTransaction(tx, 'costRollup');
      const { month, running } = await this.state(tx);
      if (month !== null && month >= running) return;
      for (const text of month === null ? BEGIN : TURN) await tx.query(text, text.includes('$1') ? [running] : []);
    });
  }

  private async state(on: Queryable): Promise<State> {
    const [row] = await on.query<State>(STATE);
    if (!row) throw new Error('A select without a table has one row');
    return row;
  }
}

/** Filters on columns of a group. Any other is asked of each resource. */
const OF_GROUPS = ['kind', 'region', 'project_id'];

/** Of one tenant, all resources are found by index sooner than what is moving in the account. */
const canRoll = ({ groupBy, tenant, filters }: AccrualRequest): boolean =>
  tenant === undefined &&
  !groupBy.includes('resource') &&
  Object.entries(filters).every(([name, value]) => value === undefined || OF_GROUPS.includes(name));
