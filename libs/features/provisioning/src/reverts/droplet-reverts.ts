import type { AuditContext } from '#libs/audit';
import { SagaStarter, type SagaPlan } from '#libs/saga';
import { Injectable } from '@nestjs/common';
import { NotRevertibleError } from '../provisioning.error';
import { isRevertible, whyNot } from './revert-judgement';

/** What is to be as it was ordered again. */
export interface RevertOrder {
  readonly resourceId: string;
  readonly field: string;
}

/** The door for drift: plans and starts the saga that makes a droplet what was ordered. */
@Injectable()
export class DropletReverts {
  constructor(private readonly starts: SagaStarter) {}

  /** What would be done, and nothing is. Throws like `start`, except that a busy droplet is no hindrance. */
  async plan(order: RevertOrder): Promise<SagaPlan> {
    return this.starts.plan({ ...startOf(order), tenantId: null });
  }

  /** Answers the saga's id. Throws `NotRevertibleError` with the reason, `ResourceBusyError` while another saga holds the droplet (DRF-5). */
  async start(order: RevertOrder, because: AuditContext, details: Readonly<Record<string, unknown>>): Promise<string> {
    return this.starts.start({ ...startOf(order), tenantId: null, because, details });
  }
}

/** A field that no saga can revert is refused here, before anything is looked up. */
function startOf({ resourceId, field }: RevertOrder) {
  if (!isRevertible(field))
    throw new NotRevertibleError(whyNot({ field, ordered: null, diskGb: null, orderedDiskGb: undefined, backups: 0 }) ?? field);
  return { kind: 'revert_droplet', input: { resource_id: resourceId, fields: [field] } };
}
