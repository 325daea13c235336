import type { AuditContext } from '#libs/audit';
import { Transaction } from '#libs/database';
import { Reverts, type RevertOrder } from '#libs/provisioning';
import type { SagaPlan } from '#libs/saga';
import { Injectable } from '@nestjs/common';
import { DriftMovedOnError } from './drift.errors';
import { assertUnchanged, lockDrift, type LockedDrift } from './drift-acceptance.service';

/** What a revert would do. */
export interface ReversalPlan extends SagaPlan {
  readonly resource_id: string;
  readonly field: string;
  readonly from: unknown;
  readonly to: unknown;
}

/**
 * Reverts a drift: starts the saga that restores the desired state. The drift stays open until the saga has finished and a later sweep
 * lists the expected value; then detection closes it as `reverted`. Drift stores nothing about a revert, it reads the sagas. [DRF-5]
 */
@Injectable()
export class DriftRevertService {
  constructor(
    private readonly transaction: Transaction,
    private readonly reverts: Reverts,
  ) {}

  /** Why a start would be refused is part of the plan. Throws `DriftNotFoundError`. */
  async plan(driftId: string): Promise<ReversalPlan> {
    const drift = await this.read(driftId);
    const { resource_id, tenant_id, kind, field, expected, actual, live } = drift;
    const plan = await this.reverts.plan(
      { resourceId: resource_id, kind, field, valueSeen: actual, ownerId: tenant_id },
      findChange(drift),
    );
    return { resource_id, field, from: live, to: expected, ...plan };
  }

  /**
   * Returns the id of the saga. Throws `DriftNotFoundError`, `DriftMovedOnError`, `NotRevertibleError` with the reason, `PlanChangedError`,
   * `ResourceBusyError` while another saga has the resource on hold, and the refusals of limits where the desired state is larger, unless an
   * admin overrides them.
   */
  async start(driftId: string, because: AuditContext, confirmed: Pick<RevertOrder, 'planHash' | 'override'> = {}): Promise<string> {
    const drift = await this.read(driftId);
    const change = findChange(drift);
    if (change) throw change;
    const { resource_id, tenant_id, kind, field, actual } = drift;
    const order = { resourceId: resource_id, kind, field, valueSeen: actual, ownerId: tenant_id, ...confirmed };
    return this.reverts.start(order, because, { drift_id: driftId, resource_id, field });
  }

  private read(driftId: string): Promise<LockedDrift> {
    return this.transaction.run((em) => lockDrift(em, driftId));
  }
}

/** The drift is not the one that was found: also when a revert has finished already and no sweep has listed its effect. */
function findChange(drift: LockedDrift): DriftMovedOnError | undefined {
  try {
    assertUnchanged(drift, drift.actual);
    return undefined;
  } catch (error) {
    if (error instanceof DriftMovedOnError) return error;
    throw error;
  }
}
