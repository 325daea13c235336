import { BullRegistrar } from '@nestjs/bullmq';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { Database } from '#libs/database';
import { QueueHealth } from '#libs/queues';
import type { Check, ReadinessIndicator } from '#libs/runtime';
import { ScheduleKeeper } from '../maintenance/schedule-keeper';
import { DatabaseClock } from './database-clock';
import { SagaWorker } from './saga-worker';

const POLL_MS = 500;

/**
 * Starts the work once the schema of this build and then the queues are available. The health probes answer meanwhile. [OPS-5] It is
 * also the indicator of the work for the readiness of the process.
 */
@Injectable()
export class WorkerBootstrap implements OnApplicationBootstrap, OnModuleDestroy, ReadinessIndicator {
  readonly name = 'work';
  private readonly log = new Logger('Worker');
  private readonly stop = new AbortController();
  private started = false;

  constructor(
    private readonly database: Database,
    private readonly clock: DatabaseClock,
    private readonly queues: QueueHealth,
    private readonly registrar: BullRegistrar,
    private readonly schedules: ScheduleKeeper,
    private readonly sagas: SagaWorker,
  ) {}

  /** The processors of this process are running. */
  get hasStarted(): boolean {
    return this.started;
  }

  ping(): Promise<Check> {
    return Promise.resolve(this.stop.signal.aborted ? 'stopping' : this.started ? 'ok' : 'waiting');
  }

  onApplicationBootstrap(): void {
    this.start().catch((error: unknown) => {
      if (!this.stop.signal.aborted) this.log.error({ event: 'start_failed' }, error instanceof Error ? error.stack : undefined);
    });
  }

  onModuleDestroy(): void {
    this.stop.abort();
  }

  private async start(): Promise<void> {
    const { signal } = this.stop;
    await this.database.waitForSchema(signal);
    await this.clock.follow(signal);
    await this.sagas.start(); // needs the database only
    while (!(await this.queuesAreReachable())) await sleep(POLL_MS, undefined, { signal });
    signal.throwIfAborted();
    this.registrar.register();
    this.schedules.start();
    this.started = true;
    this.log.log({ event: 'worker_started' });
  }

  private queuesAreReachable(): Promise<boolean> {
    return this.queues.ping().then(
      () => true,
      () => false,
    );
  }
}
