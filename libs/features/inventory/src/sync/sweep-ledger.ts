import { CONFIG, type Config } from '#libs/config';
import { Database, type Queryable } from '#libs/database';
import { Inject, Injectable } from '@nestjs/common';
import { SweepLeaseLostError, SweepNotFoundError } from '../inventory.errors';
import { minSweepIntervalMs, SWEEP_COLUMNS, type SweepCounts, type SweepRow, type SweepStatus, type SweepTrigger } from './sweep';

/** How long a requested sweep waits for a worker before it is closed as never started. */
const UNCLAIMED_LIMIT_MS = 120_000;

/** After a 403 no scheduled sweep of the kind starts for at least this time; a manual one may. */
const LEAST_PAUSE_MS = 60_000;

/**
 * The ledger of sweeps, `cloud_sweeps`. A unique index allows one running sweep per kind. Its right to write is a lease by the database's
 * clock, which a heartbeat and each saved progress renew and every write checks.
 */
@Injectable()
export class SweepLedger {
  constructor(
    private readonly database: Database,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Starts a sweep of the kind, or claims a requested one. When one runs already, that one is returned with `mine` false. */
  async openSweep(kind: string, trigger: SweepTrigger): Promise<{ sweep: SweepRow; mine: boolean }> {
    await this.closeLapsed();
    const leaseMs = this.config.inventory.sweepLeaseMs;
    const [mine] = await this.database.query<SweepRow>(
      `with claimed as (
         update cloud_sweeps set claimed_at = clock_timestamp(), started_at = clock_timestamp(),
                lease_until = clock_timestamp() + $3 * interval '1 millisecond'
          where kind = $1 and status = 'running' and claimed_at is null returning ${SWEEP_COLUMNS}),
       opened as (
         insert into cloud_sweeps (kind, trigger, claimed_at, lease_until)
         select $1, $2, clock_timestamp(), clock_timestamp() + $3 * interval '1 millisecond' where not exists (select 1 from claimed)
         on conflict (kind) where status = 'running' do nothing returning ${SWEEP_COLUMNS})
       select * from claimed union all select * from opened`,
      [kind, trigger, leaseMs],
    );
    return mine ? { sweep: mine, mine: true } : { sweep: await this.findLatest(kind), mine: false };
  }

  /** Creates a sweep that a worker will claim soon, or returns the running one. */
  async requestSweep(tx: Queryable, kind: string, trigger: SweepTrigger = 'manual'): Promise<SweepRow> {
    const [requested] = await tx.query<SweepRow>(
      `insert into cloud_sweeps (kind, trigger, lease_until) values ($1, $3, clock_timestamp() + $2 * interval '1 millisecond')
       on conflict (kind) where status = 'running' do nothing returning ${SWEEP_COLUMNS}`,
      [kind, UNCLAIMED_LIMIT_MS, trigger],
    );
    return requested ?? this.findLatest(kind, tx);
  }

  async setAccount(sweepId: string, accountId: string): Promise<void> {
    await this.database.query('update cloud_sweeps set account_id = $2 where id = $1', [sweepId, accountId]);
  }

  /** Renews the lease, and saves the counters if given. Throws `SweepLeaseLostError` when the lease has lapsed. */
  async saveProgress(sweepId: string, counts?: SweepCounts): Promise<void> {
    const rows = await this.database.prepared(
      'sweep_progress',
      `update cloud_sweeps set lease_until = clock_timestamp() + $2 * interval '1 millisecond', pages_done = coalesce($3, pages_done),
              pages_expected = coalesce($4, pages_expected), calls = coalesce($5, calls), seen = coalesce($6, seen),
              discovered = coalesce($7, discovered), updated = coalesce($8, updated), restored = coalesce($9, restored)
        where id = $1 and status = 'running' and lease_until > clock_timestamp() returning id`,
      [
        sweepId,
        this.config.inventory.sweepLeaseMs,
        counts?.pagesDone,
        counts?.pagesExpected,
        counts?.calls,
        counts?.seen,
        counts?.discovered,
        counts?.updated,
        counts?.restored,
      ],
    );
    if (rows.length === 0) throw new SweepLeaseLostError(sweepId);
  }

  /**
   * Locks the sweep's row for the rest of the transaction, so that no other session can close or replace the sweep. The lease is checked
   * here, once: a long transaction is not undone when the lease lapses during it. Throws `SweepLeaseLostError` when the lease has lapsed.
   */
  async lockSweep(tx: Queryable, sweepId: string): Promise<void> {
    const rows = await tx.query(
      `select 1 from cloud_sweeps where id = $1 and status = 'running' and lease_until > clock_timestamp() for update`,
      [sweepId],
    );
    if (rows.length === 0) throw new SweepLeaseLostError(sweepId);
  }

  /**
   * Ends the sweep, in a transaction that has locked it. `missing` (`<kind>/<provider id>`) are the ids that a suspect list lacked. An
   * admin can release them until a newer sweep of the kind is complete or suspect.
   */
  async closeSweep(
    tx: Queryable,
    sweepId: string,
    status: Exclude<SweepStatus, 'running' | 'released'>,
    reason: string | null,
    missing: readonly string[] | null = null,
  ): Promise<void> {
    const rows = await tx.query(
      `with closed as (
         update cloud_sweeps set status = $2, reason = $3, missing = $4::text[], finished_at = clock_timestamp()
          where id = $1 and status = 'running' returning id, kind),
       replaced as (
         update cloud_sweeps s set missing = null from closed
          where $2 in ('suspect', 'complete') and s.kind = closed.kind and s.id <> closed.id and s.status = 'suspect' and s.missing is not null)
       select id from closed`,
      [sweepId, status, reason, missing],
    );
    if (rows.length === 0) throw new SweepLeaseLostError(sweepId);
  }

  /** Closes sweeps with a lapsed lease as incomplete, so that another may start. */
  async closeLapsed(): Promise<void> {
    await this.database.query(
      `update cloud_sweeps set status = 'incomplete', finished_at = clock_timestamp(),
              reason = case when claimed_at is null then 'never_started' else 'lease_lapsed' end
        where status = 'running' and lease_until <= clock_timestamp()`,
    );
  }

  async get(sweepId: string): Promise<SweepRow> {
    const [row] = await this.database.query<SweepRow>(`select ${SWEEP_COLUMNS} from cloud_sweeps where id = $1`, [sweepId]);
    if (!row) throw new SweepNotFoundError(sweepId);
    return row;
  }

  /** True when a scheduled sweep of the kind would now use more than its share of the token. */
  async exceedsTokenShare(kind: string, everyMs: number): Promise<boolean> {
    const [last] = await this.database.query<{ calls: number; ago_ms: number }>(
      `select calls, extract(epoch from clock_timestamp() - started_at)::float8 * 1000 as ago_ms
         from cloud_sweeps where kind = $1 and status = 'complete' order by started_at desc limit 1`,
      [kind],
    );
    // Half a cadence of tolerance: a tick that comes a little early still counts as on time.
    return last !== undefined && last.ago_ms + everyMs / 2 < minSweepIntervalMs(last.calls, this.config.provider);
  }

  /** True when the provider recently refused this kind's list to our token with a 403. A retry each minute would be a loop. [INV-7] */
  async wasForbidden(kind: string): Promise<boolean> {
    const pauseMs = Math.max(this.config.provider.accountCheckMs, LEAST_PAUSE_MS);
    const rows = await this.database.query(
      `select 1 from (select reason, finished_at from cloud_sweeps where kind = $1 order by started_at desc limit 1) last
        where reason = 'forbidden_by_provider' and finished_at > clock_timestamp() - $2 * interval '1 millisecond'`,
      [kind, pauseMs],
    );
    return rows.length > 0;
  }

  private async findLatest(kind: string, on: Queryable = this.database): Promise<SweepRow> {
    const [row] = await on.query<SweepRow>(
      `select ${SWEEP_COLUMNS} from cloud_sweeps where kind = $1 order by status = 'running' desc, started_at desc limit 1`,
      [kind],
    );
    if (!row) throw new SweepNotFoundError(kind);
    return row;
  }
}
