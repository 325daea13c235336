import type { AuditContext } from '#libs/audit';
import { Database } from '#libs/database';
import { DropletReverts } from '#libs/provisioning';
import { Injectable } from '@nestjs/common';
import { readShown, stillAs, type DriftToDecide } from './shown-drift';

/** What a revert would do. */
export interface ReversalPlan {
  readonly resource_id: string;
  readonly field: string;
  readonly from: unknown;
  readonly to: unknown;
  readonly steps: readonly string[];
  readonly holds: readonly string[];
}

/**
 * Makes what is there again what was ordered, by a saga. The drift stays open meanwhile: detection closes it as `reverted` when the saga has finished
 * and a later sweep has seen the field match (DRF-5). Nothing of ours has to remember that a revert was asked for: the sagas tell.
 */
@Injectable()
export class DriftRevertService {
  constructor(
    private readonly database: Database,
    private readonly reverts: DropletReverts,
  ) {}

  /** Throws `DriftNotFoundError`, `DriftMovedOnError`, and `NotRevertibleError` with the reason. */
  async plan(driftId: string): Promise<ReversalPlan> {
    const { resource_id, field, expected, live } = await this.asShown(driftId);
    const { steps, holds } = await this.reverts.plan({ resourceId: resource_id, field });
    return { resource_id, field, from: live, to: expected, steps, holds };
  }

  /** Answers the saga's id. Throws like `plan`, and `ResourceBusyError` while another saga holds the resource. */
  async start(driftId: string, because: AuditContext): Promise<string> {
    const { resource_id, field } = await this.asShown(driftId);
    return this.reverts.start({ resourceId: resource_id, field }, because, { drift_id: driftId, resource_id, field });
  }

  /** A revert that has finished and was not seen by a sweep yet has made the field match: there is nothing to revert again. */
  private asShown(driftId: string): Promise<DriftToDecide> {
    return this.database.transaction(async (tx) => {
      const drift = await readShown(tx, driftId);
      stillAs(drift, drift.actual);
      return drift;
    });
  }
}
