import { Injectable } from '@nestjs/common';
import type { AuditContext } from '#libs/audit';
import { DriftService, DriftRevertService, type DriftView, type ReversalPlan } from '#libs/drift';
import { SagaWakeup } from '../sagas/saga-bell';

/** Reverts that people ask for: written down first, then a worker is woken. */
@Injectable()
export class RevertRequests {
  constructor(
    private readonly reversal: DriftRevertService,
    private readonly drifts: DriftService,
    private readonly bell: SagaWakeup,
  ) {}

  plan(driftId: string): Promise<ReversalPlan> {
    return this.reversal.plan(driftId);
  }

  /** The drift, still open, with the saga that is about to end it. */
  async start(driftId: string, because: AuditContext): Promise<DriftView> {
    const saga_id = await this.reversal.start(driftId, because);
    await this.bell.ring();
    return { ...(await this.drifts.get(driftId)), saga_id };
  }
}
