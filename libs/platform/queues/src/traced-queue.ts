import { inSpan, traceparent } from '#libs/observability';
import { Queue, type BulkJobOptions, type IQueueBackend, type Job, type JobsOptions } from 'bullmq';
import type { JobName, Jobs } from './queue-definitions';

type Data = Jobs[JobName];
type JobOfQueue = Job<Data, unknown>;
interface NewJob {
  readonly name: string;
  readonly data: Data;
  readonly opts?: BulkJobOptions;
}

/**
 * BullMQ's queue on either backend. What is added carries the trace that caused it, as W3C `traceparent`, in the place that BullMQ's options have for it:
 * payloads stay what they are. Without tracing nothing is carried.
 */
export class TracedQueue extends Queue<Data, unknown, string, Data, unknown, string, IQueueBackend> {
  override add(name: string, data: Data, opts?: JobsOptions): Promise<JobOfQueue> {
    return inSpan(this.spanOf(name), () => super.add(name, data, withTrace(opts)));
  }

  override addBulk(jobs: NewJob[]): Promise<JobOfQueue[]> {
    return inSpan(this.spanOf(jobs[0]?.name ?? 'nothing'), () => super.addBulk(jobs.map((job) => ({ ...job, opts: withTrace(job.opts) }))));
  }

  private spanOf(job: string) {
    return { name: `enqueue ${job}`, kind: 'producer', attributes: { 'messaging.destination.name': this.name } } as const;
  }
}

/** The trace that a job carries, if it does. */
export function traceOf({ opts }: Partial<Pick<Job, 'opts'>>): string | undefined {
  return opts?.telemetry?.metadata;
}

function withTrace<O extends JobsOptions>(opts: O | undefined): O | undefined {
  const metadata = traceparent();
  return metadata === undefined ? opts : ({ ...opts, telemetry: { metadata } } as O);
}
