import { AuditLog, type AuditContext } from '#libs/audit';
import { Database, type Queryable } from '#libs/database';
import { Injectable } from '@nestjs/common';
import { sweepNamed } from '../kinds';
import { ProjectMembershipRepository } from '../projects/project-membership.repository';
import { ProjectReconciler } from './project-reconciler';
import { MissRecorder } from '../recorder/miss-recorder';
import { SweepLedger } from './sweep-ledger';
import { SweepNotFoundError, SweepNotReleasableError } from './sweep.error';
import { SWEEP_COLUMNS, sweepView, type SweepRow, type SweepView } from './sweep.view';

/** What people do with sweeps: ask for one, and release a suspect one. */
@Injectable()
export class SweepRequests {
  constructor(
    private readonly database: Database,
    private readonly ledger: SweepLedger,
    private readonly misses: MissRecorder,
    private readonly projects: ProjectReconciler,
    private readonly members: ProjectMembershipRepository,
    private readonly audit: AuditLog,
  ) {}

  /** A sweep of this kind for a worker to take up, or the one that is running already. */
  async request(kind: string, because: AuditContext): Promise<SweepView> {
    sweepNamed(kind);
    await this.ledger.closeLapsed();
    return this.database.transaction(async (tx) => {
      const sweep = await this.ledger.request(tx, kind);
      await this.audit.record(tx, { ...because, action: 'sweep_requested', target: { type: 'sweep', id: sweep.id }, details: { kind } });
      return sweepView(sweep);
    });
  }

  /**
   * Lets a suspect listing count: the rows it missed get their strike, and later sweeps that miss no others are trusted (INV-5).
   * Nothing is deleted here: that still takes all strikes and the provider's 404.
   */
  async release(sweepId: string, because: AuditContext): Promise<SweepView> {
    return this.database.transaction(async (tx) => {
      const sweep = await this.markReleased(tx, sweepId);
      const struck = await this.misses.strikeReleased(tx, sweepId);
      await this.projects.release(tx, sweepId);
      await this.members.release(tx, sweepId);
      await this.audit.record(tx, {
        ...because,
        action: 'sweep_released',
        target: { type: 'sweep', id: sweepId },
        details: { kind: sweep.kind, struck },
      });
      return sweepView({ ...sweep, struck });
    });
  }

  private async markReleased(tx: Queryable, sweepId: string): Promise<SweepRow> {
    const [released] = await tx.query<SweepRow>(
      `update cloud_sweeps set status = 'released', released_at = clock_timestamp()
        where id = $1 and status = 'suspect' and missing is not null returning ${SWEEP_COLUMNS}`,
      [sweepId],
    );
    if (released) return released;
    const known = await tx.query('select 1 from cloud_sweeps where id = $1', [sweepId]);
    throw known.length > 0 ? new SweepNotReleasableError(sweepId) : new SweepNotFoundError(sweepId);
  }
}
