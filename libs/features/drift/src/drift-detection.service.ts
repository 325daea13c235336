import { AuditLog, type AuditContext } from '#libs/audit';
import { queryableOf, Transaction, tryLockTransaction, type Queryable } from '#libs/database';
import { DriftEvents, KINDS } from '#libs/inventory';
import { counter, histogram } from '#libs/observability';
import { DESIRED_FIELDS } from '#libs/provisioning';
import { Injectable, Logger } from '@nestjs/common';
import { CHANGE_DRIFTS, CLOSE_DRIFTS, FIND_CHANGES, OPEN_DRIFTS } from './detection.sql';
import { DetectionRunningError } from './drift.errors';
import { statusesBefore } from './drift.states';
import { DriftDetection } from './entities/drift-detection.entity';
import { severityOf } from './severity';

/** Rows per write statement, so that the first detection of a large account does not send tens of megabytes in one statement. */
const ROWS_PER_STATEMENT = 5_000;

const seconds = histogram('arcadia_drift_detection_seconds', 'Time of one drift detection', [], [0.05, 0.2, 0.5, 1, 2, 5, 10, 30]);
const changes = counter('arcadia_drift_changes_total', 'Drifts that detections have opened, changed and closed', ['what']);

/** The number of drifts that one detection has opened, changed and closed. */
export interface DetectionReport {
  readonly opened: number;
  readonly changed: number;
  readonly stale: number;
  readonly reverted: number;
}

interface FoundChange {
  readonly what: keyof DetectionReport;
  readonly drift_id: string | null;
  readonly resource_id: string;
  readonly field: string;
  readonly expected: unknown;
  readonly actual: unknown;
  readonly spec_version: number;
  readonly monthly_price_delta: string | null;
}

/**
 * Compares every desired state with the inventory in one statement and writes the changes. It is the only writer of new drifts and of
 * drifts that end without a decision. Without a change it writes only the time of the detection.
 */
@Injectable()
export class DriftDetectionService {
  private readonly log = new Logger('Drift');

  constructor(
    private readonly transaction: Transaction,
    private readonly events: DriftEvents,
    private readonly audit: AuditLog,
  ) {}

  /** `because` names the operator who asked for the detection, if one did. Throws `DetectionRunningError`. */
  async run(because?: AuditContext): Promise<DetectionReport> {
    const fromMs = performance.now();
    const report = await this.transaction.run(async (em) => {
      const tx = queryableOf(em);
      if (!(await tryLockTransaction(tx, 'driftDetection'))) throw new DetectionRunningError();
      const written = await this.write(
        tx,
        await tx.query<FoundChange>(FIND_CHANGES, [KINDS.map(({ kind }) => kind), Object.keys(DESIRED_FIELDS)]),
      );
      await em.upsert(DriftDetection, { one: true, detectedAt: () => 'clock_timestamp()' }, ['one']);
      if (because)
        await this.audit.record(tx, {
          ...because,
          action: 'drift_detection_requested',
          target: { type: 'drift', id: 'all' },
          details: { ...written },
        });
      return written;
    });
    const tookMs = performance.now() - fromMs;
    seconds.observe(tookMs / 1000);
    for (const [what, count] of Object.entries(report)) changes.inc({ what }, Number(count));
    this.log.log({ event: 'drift_detection_ended', ...report, ms: Math.round(tookMs) });
    return report;
  }

  private async write(tx: Queryable, found: readonly FoundChange[]): Promise<DetectionReport> {
    const opened = await this.openDrifts(tx, only(found, 'opened'));
    const changed = await this.inParts(only(found, 'changed'), (part) => tx.query(CHANGE_DRIFTS, [JSON.stringify(part.map(ranked))]));
    const close = (status: 'stale' | 'reverted') =>
      this.inParts(only(found, status), (part) =>
        tx.query(CLOSE_DRIFTS, [part.map(({ drift_id }) => drift_id), status, statusesBefore(status)]),
      );
    return { opened, changed, stale: await close('stale'), reverted: await close('reverted') };
  }

  /** Writes exactly one `drift_detected` event for each new drift. [DRF-1] */
  private openDrifts(tx: Queryable, fresh: readonly FoundChange[]): Promise<number> {
    return this.inParts(fresh, async (part) => {
      const opened = await tx.query<FoundChange>(OPEN_DRIFTS, [JSON.stringify(part.map(ranked))]);
      await this.events.record(tx, opened);
      return opened;
    });
  }

  private async inParts<R>(rows: readonly R[], write: (part: readonly R[]) => Promise<readonly unknown[]>): Promise<number> {
    let written = 0;
    for (let from = 0; from < rows.length; from += ROWS_PER_STATEMENT)
      written += (await write(rows.slice(from, from + ROWS_PER_STATEMENT))).length;
    return written;
  }
}

const only = (found: readonly FoundChange[], what: FoundChange['what']) => found.filter((change) => change.what === what);

const ranked = (change: FoundChange) => ({ ...change, severity: severityOf(change) });
