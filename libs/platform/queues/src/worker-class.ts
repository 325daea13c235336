import type { Config } from '#libs/config';
import type { Type } from '@nestjs/common';
import { Worker, type IQueueBackend, type Processor, type WorkerOptions } from 'bullmq';
import type { QueueClients } from './queue-clients';

/** BullMQ's worker on either backend. */
export type JobWorker = Worker<unknown, unknown, string, IQueueBackend>;

/**
 * BullMQ's worker, bound to this process's backend. A dead worker's job is taken over after at most lock + check (15 s, OPS-3); a job
 * may be taken over any number of times, because a worker's death says nothing about the job. Errors of the connection are tried
 * again every second; BullMQ would wait for 15.
 */
export function workerClass(clients: QueueClients, { lockMs, stalledCheckMs }: Config['queues']): Type<JobWorker> {
  return class BoundWorker extends Worker<unknown, unknown, string, IQueueBackend> {
    constructor(name: string, processor: Processor, options?: Partial<WorkerOptions>) {
      const { forWorkers, prefix, idleLookS } = clients.backend;
      const bound: WorkerOptions = {
        ...options,
        connection: {},
        ...(prefix && { prefix }),
        lockDuration: lockMs,
        stalledInterval: stalledCheckMs,
        maxStalledCount: 1_000,
        runRetryDelay: 1_000,
        drainDelay: idleLookS,
      };
      super(name, processor, bound, forWorkers);
      this.on('error', clients.onError);
    }
  };
}
