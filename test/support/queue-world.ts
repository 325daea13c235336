import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { Config } from '#libs/config';
import { Database } from '#libs/database';
import {
  Enqueuer,
  prepareQueueSchema,
  QueueClients,
  Schedules,
  TickClaims,
  workerClass,
  type JobWorker,
  type QueueName,
} from '#libs/queues';
import type { Processor, WorkerOptions } from 'bullmq';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { createTestDatabase } from './database';
import { loseQueueData } from './queue-data';
import { testConfig } from './settings';
import { TcpProxy } from './tcp-proxy';

export type BackendKind = 'postgres' | 'redis';

/** Redis is tested only if `TEST_REDIS_URL` is set. The global setup sets it when a Redis server is on the PATH. */
export const BACKENDS: readonly BackendKind[] = process.env.TEST_REDIS_URL ? ['postgres', 'redis'] : ['postgres'];
if (BACKENDS.length === 1) console.warn('SKIPPED on Redis: TEST_REDIS_URL is not set');

/** For slow suites about other subjects than queues. They use the second backend only in long runs. */
export const ONE_BACKEND: readonly BackendKind[] = process.env.TEST_LONG ? BACKENDS : BACKENDS.slice(0, 1);

/** The queue services of one api or worker process. */
export interface QueueProcess {
  readonly config: Config;
  readonly clients: QueueClients;
  readonly enqueuer: Enqueuer;
  readonly schedules: Schedules;
  readonly ticks: TickClaims;
  readonly database: Database;
  work(queue: QueueName, processor: Processor, options?: Partial<WorkerOptions>): JobWorker;
  end(): Promise<void>;
}

export interface QueueWorld {
  /** The line between the processes and the storage of the queues. It can be cut. */
  readonly line: TcpProxy;
  /** Opens another process of the same system. */
  process(env?: NodeJS.ProcessEnv): QueueProcess;
  /** Runs a query in a session of the database owner. */
  asOwner<R>(query: string): Promise<R[]>;
  /** Deletes all data in the storage of the queues. [OPS-4] */
  loseQueueData(): Promise<void>;
  end(): Promise<void>;
}

export async function newQueueWorld(kind: BackendKind): Promise<QueueWorld> {
  const database = await createTestDatabase();
  await prepareQueueSchema(database.ownerUrl);
  const storage = new URL(kind === 'postgres' ? database.appUrl : (process.env.TEST_REDIS_URL ?? ''));
  const line = await TcpProxy.to(Number(storage.port || 6379), storage.hostname);
  const throughLine = new URL(storage);
  throughLine.host = `127.0.0.1:${line.port}`;
  const prefix = `test_${randomBytes(6).toString('hex')}`;
  const processes: QueueProcess[] = [];
  const base: NodeJS.ProcessEnv = {
    QUEUE_PREFIX: prefix,
    QUEUE_LOCK_MS: '1000',
    QUEUE_STALLED_CHECK_MS: '500',
    DATABASE_URL: kind === 'postgres' ? throughLine.href : database.appUrl,
    REDIS_URL: kind === 'redis' ? throughLine.href : '',
  };
  const owner = new Client({ connectionString: database.ownerUrl });
  await owner.connect();
  const redis = kind === 'redis' ? new Redis(storage.href) : undefined;
  return {
    line,
    process: (env = {}) => {
      const process = startProcess(testConfig({ ...base, ...env }));
      processes.push(process);
      return process;
    },
    asOwner: async <R>(query: string) => (await owner.query(query)).rows as R[],
    loseQueueData: () => loseQueueData(owner, redis, prefix),
    end: async () => {
      line.restore();
      await Promise.all(processes.map((process) => process.end()));
      redis?.disconnect();
      await owner.end();
      await line.end();
      await database.drop();
    },
  };
}

/** Stops waiting after 10 s, as the real processes do: BullMQ cannot close some connections after an outage. [OPS-6] */
async function orGivenUp(closing: Promise<unknown>): Promise<void> {
  const abandon = new AbortController();
  const overdue = setTimeout(10_000, undefined, { signal: abandon.signal }).catch(() => undefined);
  await Promise.race([closing, overdue]);
  abandon.abort();
}

function startProcess(config: Config): QueueProcess {
  const clients = new QueueClients(config);
  const database = new Database(config);
  const WorkerClass = workerClass(clients, config.queues);
  const workers: JobWorker[] = [];
  return {
    config,
    clients,
    database,
    enqueuer: new Enqueuer(clients),
    schedules: new Schedules(clients, database),
    ticks: new TickClaims(database),
    work: (queue, processor, options) => {
      const worker = new WorkerClass(queue, processor, options);
      workers.push(worker);
      return worker;
    },
    end: async () => {
      await orGivenUp(Promise.all(workers.map((worker) => worker.close())));
      await orGivenUp(clients.onApplicationShutdown());
      await database.close();
    },
  };
}
