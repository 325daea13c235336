import { CONFIG, type Config } from '#libs/config';
import { domainError, throttle, withTimeout } from '#libs/kernel';
import { inSpan, traceparent } from '#libs/observability';
import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Queue, type BulkJobOptions, type IQueueBackend, type Job, type JobsOptions } from 'bullmq';
import { openPostgresBackend, type QueueBackend } from './postgres-backend';
import { JOB_OPTIONS, type JobName, type Jobs, type QueueName } from './queue-definitions';
import { openRedisBackend } from './redis-backend';

/** How long a caller waits for the queues. A lost wake-up costs at most one round of the recovery scans. */
const TIMEOUT_MS = 2_000;
/** An outage causes many errors; one of them is logged per interval. */
const LOG_SPACING_MS = 10_000;

/** The storage of the queues (PostgreSQL or Redis) did not respond in time, refused the connection, or is not prepared. Temporary. */
export class QueueUnavailableError extends domainError('queue_unavailable', 'unavailable') {
  override readonly retryAfterMs = 1_000;

  /** `reason` is a code of the system or driver, never text that could contain an address or a password. */
  constructor(readonly reason: string) {
    super('The job queues cannot be reached at the moment');
  }
}

/** The result of a queue operation. Throws `QueueUnavailableError` when it fails or takes longer than 2 s. */
export async function withQueueTimeout<T>(work: Promise<T>): Promise<T> {
  try {
    return await withTimeout(work, TIMEOUT_MS, () => new QueueUnavailableError('timeout'));
  } catch (error) {
    throw error instanceof QueueUnavailableError ? error : new QueueUnavailableError(reasonOf(error));
  }
}

function reasonOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.name : 'unknown';
}

type Data = Jobs[JobName];
type JobOfQueue = Job<Data, unknown>;
interface NewJob {
  readonly name: string;
  readonly data: Data;
  readonly opts?: BulkJobOptions;
}

/**
 * BullMQ's queue on either backend. Each added job carries the trace that caused it, as W3C `traceparent`, in the field of BullMQ's options
 * for it; payloads stay unchanged. Without tracing the field is absent.
 */
class TracedQueue extends Queue<Data, unknown, string, Data, unknown, string, IQueueBackend> {
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

/** The trace that a job carries, if any. */
export function traceOf({ opts }: Partial<Pick<Job, 'opts'>>): string | undefined {
  return opts?.telemetry?.metadata;
}

function withTrace<O extends JobsOptions>(opts: O | undefined): O | undefined {
  const metadata = traceparent();
  return metadata === undefined ? opts : ({ ...opts, telemetry: { metadata } } as O);
}

export type JobQueue = TracedQueue;

/** The queues of this process, opened at first use; all share one small connection. */
@Injectable()
export class QueueClients implements OnApplicationShutdown {
  private readonly log = new Logger('Queues');
  private readonly opened = new Map<QueueName, JobQueue>();
  readonly backend: QueueBackend;
  /** For BullMQ's `error` events. */
  readonly onError = throttle((error: Error) => this.log.warn({ event: 'queue_connection_error', reason: error.name }), LOG_SPACING_MS);

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

  /** Resolves when jobs can be added and taken. Throws `QueueUnavailableError` within 2 s. */
  async ping(): Promise<void> {
    await withQueueTimeout(this.backend.ping());
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([...this.opened.values()].map((queue) => queue.close()));
    await this.backend.closeShared();
  }
}

/** BullMQ on PostgreSQL unless `REDIS_URL` is set. Opens no connection yet and does not fail while the server is away. */
function openBackend(config: Config, onError: (error: Error) => void): QueueBackend {
  const { redisUrl, prefix } = config.queues;
  return redisUrl ? openRedisBackend(redisUrl(), prefix, onError) : openPostgresBackend(config.database.url(), onError);
}

/** The indicator of the queues for the readiness of a process. */
@Injectable()
export class QueueHealth {
  readonly name = 'queues';

  constructor(private readonly clients: QueueClients) {}

  /** Throws `QueueUnavailableError` within 2 s. */
  ping(): Promise<void> {
    return this.clients.ping();
  }
}
