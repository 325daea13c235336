import { gauge, type Reading } from '#libs/observability';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { QueueClients, withQueueTimeout, type JobQueue } from './queue-clients';
import { QUEUE_NAMES } from './queue-definitions';

/** States that reveal a backlog; `delayed` jobs are future ticks and later attempts. */
const STATES = ['waiting', 'active', 'delayed', 'failed'] as const;

type QueueJob = NonNullable<Awaited<ReturnType<JobQueue['getJob']>>>;

/** Depth and age of the queues, on either backend, reported by every process that has them. */
@Injectable()
export class QueueMetrics implements OnModuleInit {
  constructor(private readonly clients: QueueClients) {}

  onModuleInit(): void {
    gauge('arcadia_queue_jobs', 'Jobs in a queue, by state', ['queue', 'state'], () => this.ofEachQueue((queue) => this.depths(queue)));
    gauge('arcadia_queue_oldest_waiting_seconds', 'Time since the oldest waiting job of a queue could have been started', ['queue'], () =>
      this.ofEachQueue((queue) => this.age(queue)),
    );
    gauge('arcadia_queue_paused', '1 while a queue is paused', ['queue'], () => this.ofEachQueue((queue) => this.paused(queue)));
  }

  private async ofEachQueue<L extends string>(read: (queue: JobQueue) => Promise<Reading<L>[]>): Promise<Reading<L>[]> {
    const readings = await withQueueTimeout(Promise.all(QUEUE_NAMES.map((name) => read(this.clients.queue(name)))));
    return readings.flat();
  }

  private async depths(queue: JobQueue): Promise<Reading<'queue' | 'state'>[]> {
    const counts = await queue.getJobCounts(...STATES, 'prioritized');
    const waiting = (counts.waiting ?? 0) + (counts.prioritized ?? 0);
    return STATES.map((state) => ({ labels: { queue: queue.name, state }, value: state === 'waiting' ? waiting : (counts[state] ?? 0) }));
  }

  private async age(queue: JobQueue): Promise<Reading<'queue'>[]> {
    const [oldest] = await queue.getJobs(['waiting'], 0, 0, true);
    return [{ labels: { queue: queue.name }, value: oldest ? Math.max(0, Date.now() - runnableSinceMs(oldest)) / 1_000 : 0 }];
  }

  private async paused(queue: JobQueue): Promise<Reading<'queue'>[]> {
    return [{ labels: { queue: queue.name }, value: (await queue.isPaused()) ? 1 : 0 }];
  }
}

/**
 * Measured from when the job could run (creation plus delay, or its last attempt), not from creation: scheduled jobs are created early and
 * retried jobs wait by design.
 */
function runnableSinceMs({ timestamp, opts, processedOn }: QueueJob): number {
  return Math.max(timestamp + (opts.delay ?? 0), processedOn ?? 0);
}
