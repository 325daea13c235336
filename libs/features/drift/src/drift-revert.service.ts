import type { AuditContext } from '#libs/audit';
import { Transaction } from '#libs/database';
import { DropletReverts } from '#libs/provisioning';
import type { SagaPreview } from '#libs/saga';
import { Injectable } from '@nestjs/common';
import { assertUnchanged, lockDrift, type LockedDrift } from './drift-acceptance.service';

/** What a revert would do. */
export interface ReversalPlan extends SagaPreview {
  readonly resource_id: string;
  readonly field: string;
  readonly from: unknown;
  readonly to: unknown;
  readonly steps: readonly string[];
  readonly holds: readonly string[];
}

/**
 * Reverts a drift: starts the saga that restores the desired state. The drift stays open until the saga has finished and a later sweep
 * lists the expected value; then detection closes it as `reverted`. Drift stores nothing about a revert, it reads the sagas. [DRF-5]
 */
@Injectable()
export class DriftRevertService {
  constructor(
    private readonly transaction: Transaction,
    private readonly reverts: DropletReverts,
  ) {}

  /** Throws `DriftNotFoundError`, `DriftMovedOnError`, and `NotRevertibleError` with the reason. */
  async plan(driftId: string): Promise<ReversalPlan> {
    const { resource_id, tenant_id, field, expected, live } = await this.readUnchanged(driftId);
    const plan = await this.reverts.plan({ resourceId: resource_id, field, ownerId: tenant_id });
    return { resource_id, field, from: live, to: expected, ...plan };
  }

  /**
   * Returns the id of the saga. Throws like `plan`, `ResourceBusyError` while another saga has the resource on hold, and the refusals of
   * limits where the desired state is larger, unless an admin overrides them.
   */
  async start(driftId: string, because: AuditContext, override = false): Promise<string> {
    const { resource_id, tenant_id, field } = await this.readUnchanged(driftId);
    const details = { drift_id: driftId, resource_id, field };
    return this.reverts.start({ resourceId: resource_id, field, ownerId: tenant_id, override }, because, details);
  }

  /** Refuses when a revert has finished already and no sweep has listed its effect: the live value has changed then. */
  private readUnchanged(driftId: string): Promise<LockedDrift> {
    return this.transaction.run(async (em) => {
      const drift = await lockDrift(em, driftId);
      assertUnchanged(drift, drift.actual);
      return drift;
    });
  }
}
