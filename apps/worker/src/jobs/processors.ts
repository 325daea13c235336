import type { WorkerHost } from '@nestjs/bullmq';
import type { Type } from '@nestjs/common';
import { Queues, type QueueName } from '#libs/queues';
import { BillingProcessor } from './billing.processor';
import { ProvisioningProcessor } from './provisioning.processor';
import { SyncFastProcessor } from './sync-fast.processor';
import { SyncFullProcessor } from './sync-full.processor';
import { SyncSlowProcessor } from './sync-slow.processor';

/** Who works which queue. */
const PROCESSORS: Record<QueueName, Type<WorkerHost>> = {
  [Queues.syncFast]: SyncFastProcessor,
  [Queues.syncFull]: SyncFullProcessor,
  [Queues.syncSlow]: SyncSlowProcessor,
  [Queues.billing]: BillingProcessor,
  [Queues.provisioning]: ProvisioningProcessor,
};

export function processorsOf(queues: readonly QueueName[]): Type<WorkerHost>[] {
  return queues.map((queue) => PROCESSORS[queue]);
}
