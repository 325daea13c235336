import { CONFIG, type Config } from '#libs/config';
import { Database, type Queryable } from '#libs/database';
import { Inject, Injectable } from '@nestjs/common';
import type { Progress } from './progress-notes';
import { SweepLeaseLostError, SweepNotFoundError } from './sweep.error';
import { stretchMs } from './stretch';
import { SWEEP_COLUMNS, type SweepRow, type SweepStatus, type SweepTrigger } from './sweep.view';

/** How long a requested sweep waits for a worker before it is given up. */
const UNCLAIMED_LIMIT_MS = 120_000;

/** After a 403 nobody but a person asks again for at least so long. */
const LEAST_REST_MS = 60_000;

/**
 * The ledger of sweeps, `cloud_sweeps`. At most one sweep of a kind is running (a unique index says so); its right to
 * write is a lease by the database's clock, renewed by a heartbeat and by progress, and checked by every write.
 */
@Injectable()
export class SweepLedger {
  constructor(
    private readonly database: Database,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Starts a sweep of the kind, or takes up a requested one. `mine` is false when one is running already: that one is answered. */
  async open(kind: string, trigger: SweepTrigger): Promise<{ sweep: SweepRow; mine: boolean }> {
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
    return mine ? { sweep: mine, mine: true } : { sweep: await this.latest(kind), mine: false };
  }

  /** A sweep for a worker to take up soon, or the running one. */
  async request(tx: Queryable, kind: string, trigger: SweepTrigger = 'manual'): Promise<SweepRow> {
    const [requested] = await tx.query<SweepRow>(
      `insert into cloud_sweeps (kind, trigger, lease_until) values ($1, $3, clock_timestamp() + $2 * interval '1 millisecond')
       on conflict (kind) where status = 'running' do nothing returning ${SWEEP_COLUMNS}`,
      [kind, UNCLAIMED_LIMIT_MS, trigger],
    );
    return requested ?? this.latest(kind, tx);
  }

  async belongsTo(sweepId: string, accountId: string): Promise<void> {
    await this.database.query('update cloud_sweeps set account_id = $2 where id = $1', [sweepId, accountId]);
  }

  /** Renews the lease and notes how far the sweep has come. Throws `SweepLeaseLostError` when it is too late. */
  async progress(sweepId: string, made?: Progress): Promise<void> {
    const rows = await this.database.prepared(
      'sweep_progress',
      `update cloud_sweeps set lease_until = clock_timestamp() + $2 * interval '1 millisecond', pages_done = coalesce($3, pages_done),
              pages_expected = coalesce($4, pages_expected), calls = coalesce($5, calls), seen = coalesce($6, seen),
              discovered = coalesce($7, discovered), updated = coalesce($8, updated), restored = coalesce($9, restored)
        where id = $1 and status = 'running' and lease_until > clock_timestamp() returning id`,
      [
        sweepId,
        this.config.inventory.sweepLeaseMs,
        made?.pagesDone,
        made?.pagesExpected,
        made?.calls,
        made?.seen,
        made?.discovered,
        made?.updated,
        made?.restored,
      ],
    );
    if (rows.length === 0) throw new SweepLeaseLostError(sweepId);
  }

  /**
   * Keeps the sweep's place for the rest of the transaction: whoever would take it waits. The lease is checked here, once, so that a long
   * conclusion is not undone by its own length. Throws `SweepLeaseLostError` when it is too late.
   */
  async hold(tx: Queryable, sweepId: string): Promise<void> {
    const rows = await tx.query(
      `select 1 from cloud_sweeps where id = $1 and status = 'running' and lease_until > clock_timestamp() for update`,
      [sweepId],
    );
    if (rows.length === 0) throw new SweepLeaseLostError(sweepId);
  }

  /** Ends the sweep, in a transaction that holds it. `missing` (`<kind>/<provider id>`) is what a suspect listing lacked: it can be
   * released until a newer listing is complete or suspect in its place. */
  async close(
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

  /** Sweeps whose worker fell silent end as incomplete, so that another may start. */
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

  /** Whether sweeping the kind on its clock now would use more than its share of the token. */
  async isStretched(kind: string, everyMs: number): Promise<boolean> {
    const [last] = await this.database.query<{ calls: number; ago_ms: number }>(
      `select calls, extract(epoch from clock_timestamp() - started_at)::float8 * 1000 as ago_ms
         from cloud_sweeps where kind = $1 and status = 'complete' order by started_at desc limit 1`,
      [kind],
    );
    // half a cadence of grace: a tick that comes a little early is still the tick that was meant
    return last !== undefined && last.ago_ms + everyMs / 2 < stretchMs(last.calls, this.config.provider);
  }

  /** Whether the provider forbade this kind's list to our token a moment ago: asking again each minute would be a loop (INV-7). */
  async wasForbidden(kind: string): Promise<boolean> {
    const restMs = Math.max(this.config.provider.accountCheckMs, LEAST_REST_MS);
    const rows = await this.database.query(
      `select 1 from (select reason, finished_at from cloud_sweeps where kind = $1 order by started_at desc limit 1) last
        where reason = 'forbidden_by_provider' and finished_at > clock_timestamp() - $2 * interval '1 millisecond'`,
      [kind, restMs],
    );
    return rows.length > 0;
  }

  private async latest(kind: string, on: Queryable = this.database): Promise<SweepRow> {
    const [row] = await on.query<SweepRow>(
      `select ${SWEEP_COLUMNS} from cloud_sweeps where kind = $1 order by status = 'running' desc, started_at desc limit 1`,
      [kind],
    );
    if (!row) throw new SweepNotFoundError(kind);
    return row;
  }
}
