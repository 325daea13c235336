import type { AuditContext } from '#libs/audit';
import type { DomainError } from '#libs/kernel';
import { SagaStarter, type SagaPlan } from '#libs/saga';
import { Injectable } from '@nestjs/common';
import { NotRevertibleError } from '../provisioning.errors';
import { findRevertObstacle, isRevertible } from './revert-droplet.input';
import { REVERTIBLE_OF_PRODUCTS } from './revert-product.saga';

/** The resource and the field that should get its desired value again. */
export interface RevertOrder {
  readonly resourceId: string;
  /** The kind of the resource. */
  readonly kind: string;
  readonly field: string;
  /** The value that the operator saw. */
  readonly valueSeen: unknown;
  /** Owner of the resource, who sees the saga. */
  readonly ownerId: string | null;
  /** The hash of the plan that the caller has read. */
  readonly planHash?: string;
  /** An admin has decided that limits of the owner do not refuse the revert. */
  readonly override?: boolean;
}

/** Entry point for drift: plans and starts the saga that restores a resource to its desired state. */
@Injectable()
export class Reverts {
  constructor(private readonly starter: SagaStarter) {}

  /** Returns the plan without starting the saga. `refusal`: the caller's reason why it would not be started. */
  async plan(order: RevertOrder, refusal?: DomainError): Promise<SagaPlan> {
    const asked = { ...startOf(order), tenantId: null, ownerId: order.ownerId };
    const refused = refusal ?? findFieldObstacle(order);
    return refused ? this.starter.refusedPlan(asked, refused) : this.starter.plan(asked);
  }

  /**
   * Returns the saga's id. Throws `NotRevertibleError` with the reason, and `ResourceBusyError` while another saga holds the resource.
   * [DRF-5]
   */
  async start(order: RevertOrder, because: AuditContext, details: Readonly<Record<string, unknown>>): Promise<string> {
    const refused = findFieldObstacle(order);
    if (refused) throw refused;
    const { ownerId, planHash, override } = order;
    return this.starter.start({ ...startOf(order), tenantId: null, ownerId, planHash, override, because, details });
  }
}

/** Why no saga can revert the field, before anything is read. */
function findFieldObstacle({ kind, field }: RevertOrder): NotRevertibleError | undefined {
  const ofProduct = REVERTIBLE_OF_PRODUCTS[kind];
  if (ofProduct ? ofProduct.includes(field) : isRevertible(field)) return undefined;
  if (ofProduct && field !== 'missing') return new NotRevertibleError(`the provider cannot change ${field} of a ${kind} in place`);
  const obstacle = findRevertObstacle({ field, ordered: null, diskGb: null, orderedDiskGb: undefined, backups: 0 });
  return new NotRevertibleError(obstacle ?? field);
}

const startOf = ({ resourceId, kind, field, valueSeen }: RevertOrder) => ({
  kind: kind in REVERTIBLE_OF_PRODUCTS ? 'revert_product' : 'revert_droplet',
  input: { resource_id: resourceId, fields: [field], seen_values: { [field]: valueSeen } },
});
