import { AuditLog, type AuditContext } from '#libs/audit';
import { Database, type Queryable } from '#libs/database';
import { DesiredStateRepository } from '#libs/provisioning';
import { Injectable } from '@nestjs/common';
import { MISSING } from '../comparison/severity';
import { DriftMovedOnError, RevertUnderWayError } from '../drift.error';
import { readShown, stillAs, type DriftToDecide } from './shown-drift';

/** Takes what is there as what is wanted from now on. */
@Injectable()
export class DriftAcceptanceService {
  constructor(
    private readonly database: Database,
    private readonly specs: DesiredStateRepository,
    private readonly audit: AuditLog,
  ) {}

  /**
   * The value that was shown becomes the spec's, version +1, and the drift is closed, with who and why, all in one transaction (DRF-4). Of a
   * missing resource: its absence is accepted, nothing is ordered any more. Throws `DriftNotFoundError`, and when anything has moved on since,
   * `DriftMovedOnError`; while a revert is under way `RevertUnderWayError`.
   */
  async accept(driftId: string, expected: unknown, because: AuditContext): Promise<void> {
    await this.database.transaction(async (tx) => {
      const drift = await readShown(tx, driftId);
      stillAs(drift, expected);
      if (drift.under_way) throw new RevertUnderWayError();
      if (!(await this.move(tx, drift))) throw new DriftMovedOnError('Something else has been ordered since the drift was found');
      await tx.query(CLOSE_ACCEPTED, [driftId, because.by.sub, because.reason]);
      const { resource_id, field, expected: was, live, spec_version } = drift;
      await tx.query(FOLLOW_SPEC, [resource_id, spec_version]);
      await this.audit.record(tx, {
        ...because,
        action: 'drift_accepted',
        target: { type: 'drift', id: driftId },
        details: { resource_id, field, was, accepted: live, spec_version: spec_version + 1 },
      });
    });
  }

  private move(tx: Queryable, { resource_id, spec_version: version, field, live }: DriftToDecide): Promise<boolean> {
    if (field === MISSING) return this.specs.acceptEnd(tx, { resource_id, version });
    return this.specs.accept(tx, { resource_id, version }, { [field]: live });
  }
}

const CLOSE_ACCEPTED = `
update cloud_drift set status = 'accepted', closed_at = clock_timestamp(), closed_by = $2, reason = $3 where id = $1`;

/** The resource's other drifts are about other fields, of which the spec says what it said before. $1 resource, $2 the version until now. */
const FOLLOW_SPEC = `update cloud_drift set spec_version = $2::int + 1 where resource_id = $1 and status = 'open' and spec_version = $2`;
