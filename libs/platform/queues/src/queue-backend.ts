import type { BackendFactory } from 'bullmq';

/** The storage of this process's jobs. BullMQ's classes get a factory, never the process-wide default. */
export interface QueueBackend {
  readonly kind: 'postgres' | 'redis';
  /** For queues: all queues of a process share one small connection. */
  readonly forQueues: BackendFactory;
  /** For workers: each has connections of its own, because it waits on one. */
  readonly forWorkers: BackendFactory;
  /** First part of all keys; PostgreSQL ignores it. */
  readonly prefix: string;
  /** The time after which an idle worker polls. Redis sends no notification when a dead worker's job is put back. */
  readonly idlePollS: number;
  ping(): Promise<unknown>;
  /** Closes the shared connection; workers close their own. */
  closeShared(): Promise<void>;
}
