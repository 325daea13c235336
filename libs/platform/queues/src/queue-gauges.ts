import { gauge, type Reading } from '#libs/observability';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { QUEUE_NAMES } from './queue-definitions';
import { QueueClients, type JobQueue } from './queue-clients';
import { withTimeout } from './within-limit';

/** States that say whether work piles up; `delayed` are ticks to come and tries to be made again. */
const STATES = ['waiting', 'active', 'delayed', 'failed'] as const;

type QueueJob = NonNullable<Awaited<ReturnType<JobQueue['getJob']>>>;

/** Depth and age of the queues, on either backend, told by every process that has them. */
@Injectable()
export class QueueGauges implements OnModuleInit {
  constructor(private readonly clients: QueueClients) {}

  onModuleInit(): void {
    gauge('arcadia_queue_jobs', 'Jobs in a queue, by state', ['queue', 'state'], () => this.ofEach((queue) => this.depths(queue)));
    gauge('arcadia_queue_oldest_waiting_seconds', 'For how long the oldest waiting job of a queue could have been taken', ['queue'], () =>
      this.ofEach((queue) => this.age(queue)),
    );
    gauge('arcadia_queue_paused', '1 while a queue is paused', ['queue'], () => this.ofEach((queue) => this.paused(queue)));
  }

  private async ofEach<L extends string>(read: (queue: JobQueue) => Promise<Reading<L>[]>): Promise<Reading<L>[]> {
    const readings = await withTimeout(Promise.all(QUEUE_NAMES.map((name) => read(this.clients.queue(name)))));
    return readings.flat();
  }

  private async depths(queue: JobQueue): Promise<Reading<'queue' | 'state'>[]> {
    const counts = await queue.getJobCounts(...STATES, 'prioritized');
    const waiting = (counts.waiting ?? 0) + (counts.prioritized ?? 0);
    return STATES.map((state) => ({ labels: { queue: queue.name, state }, value: state === 'waiting' ? waiting : (counts[state] ?? 0) }));
  }

  private async age(queue: JobQueue): Promise<Reading<'queue'>[]> {
    const [oldest] = await queue.getJobs(['waiting'], 0, 0, true);
    return [{ labels: { queue: queue.name }, value: oldest ? Math.max(0, Date.now() - takeableSince(oldest)) / 1_000 : 0 }];
  }

  private async paused(queue: JobQueue): Promise<Reading<'queue'>[]> {
    return [{ labels: { queue: queue.name }, value: (await queue.isPaused()) ? 1 : 0 }];
  }
}

/** Not since it was made: the job of a tick is laid out long before, and a job that is tried again has waited for that on purpose. */
function takeableSince({ timestamp, opts, processedOn }: QueueJob): number {
  return Math.max(timestamp + (opts.delay ?? 0), processedOn ?? 0);
}
