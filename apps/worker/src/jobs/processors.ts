import type { WorkerHost } from '@nestjs/bullmq';
import type { Type } from '@nestjs/common';
import { Queues, type QueueName } from '#libs/queues';
import { ProvisioningProcessor } from './provisioning.processor';
import { SyncFastProcessor } from './sync-fast.processor';
import { SyncFullProcessor } from './sync-full.processor';
import { SyncSlowProcessor } from './sync-slow.processor';

/** Who works which queue. */
const PROCESSORS: Partial<Record<QueueName, Type<WorkerHost>>> = {
  [Queues.syncFast]: SyncFastProcessor,
  [Queues.syncFull]: SyncFullProcessor,
  [Queues.syncSlow]: SyncSlowProcessor,
  [Queues.provisioning]: ProvisioningProcessor,
};

export function processorsOf(queues: readonly QueueName[]): Type<WorkerHost>[] {
  return queues.map((queue) => PROCESSORS[queue]).filter((processor) => processor !== undefined);
}
