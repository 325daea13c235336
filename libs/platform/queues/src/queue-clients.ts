import { CONFIG, type Config } from '#libs/config';
import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { JOB_OPTIONS, type QueueName } from './queue-definitions';
import { openBackend, type QueueBackend } from './queue-backend';
import { throttle } from './rarely';
import { TracedQueue } from './traced-queue';
import { withTimeout } from './within-limit';

/** BullMQ's queue on either backend. */
export type JobQueue = TracedQueue;

/** The queues of this process, opened at first use; all share one small connection. */
@Injectable()
export class QueueClients implements OnApplicationShutdown {
  private readonly log = new Logger('Queues');
  private readonly opened = new Map<QueueName, JobQueue>();
  readonly backend: QueueBackend;
  /** For BullMQ's `error` events: an outage is many errors and few lines. */
  readonly onError = throttle((error: Error) => this.log.warn({ event: 'queue_connection_error', reason: error.name }));

  constructor(@Inject(CONFIG) config: Config) {
    this.backend = openBackend(config, this.onError);
  }

  queue(name: QueueName): JobQueue {
    const known = this.opened.get(name);
    if (known) return known;
    const { forQueues, prefix } = this.backend;
    const queue: JobQueue = new TracedQueue(name, { connection: {}, defaultJobOptions: JOB_OPTIONS, ...(prefix && { prefix }) }, forQueues);
    queue.on('error', this.onError);
    this.opened.set(name, queue);
    return queue;
  }

  /** Resolves when jobs can be added and taken. Throws `QueueUnavailableError` after 2 s at the latest. */
  async ping(): Promise<void> {
    await withTimeout(this.backend.ping());
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([...this.opened.values()].map((queue) => queue.close()));
    await this.backend.close();
  }
}
