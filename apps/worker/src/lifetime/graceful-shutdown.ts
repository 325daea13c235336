import { WorkerHost } from '@nestjs/bullmq';
import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { CONFIG, type Config } from '#libs/config';
import { StopSignal } from '../jobs/run-job';
import { SagaWorker } from './saga-worker';
import { WorkerBootstrap } from './worker-bootstrap';

/** Shares of `SHUTDOWN_MS`: current work may finish until the first, and must have handed itself back by the second. */
const FINISH = 0.5;
const HAND_BACK = 0.7;

/**
 * Takes no new jobs and waits until current ones have finished or were handed back [OPS-6]. It runs in the first phase of Nest's shutdown,
 * while the resources of the jobs are still open, so other providers must release theirs in `onApplicationShutdown`.
 * A job that neither finishes nor hands itself back is taken over when its lock lapses.
 */
@Injectable()
export class GracefulShutdown implements OnModuleDestroy {
  private readonly log = new Logger('Worker');

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly bootstrap: WorkerBootstrap,
    private readonly stop: StopSignal,
    private readonly sagas: SagaWorker,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async onModuleDestroy(): Promise<void> {
    const { shutdownMs } = this.config;
    const drained = Promise.all([this.sagas.drain(), ...this.runningHosts().map(({ worker }) => worker.close())]).then(() => true);
    const handBack = setTimeout(() => this.stop.abort(), shutdownMs * FINISH);
    let giveUp: NodeJS.Timeout | undefined;
    const overdue = new Promise<false>((resolve) => (giveUp = setTimeout(resolve, shutdownMs * HAND_BACK, false)));
    const finished = await Promise.race([drained, overdue]);
    clearTimeout(handBack);
    clearTimeout(giveUp);
    this.log.log({ event: finished ? 'drained' : 'drain_overdue' });
  }

  /** Empty until the queues were reachable for the first time. Sagas may be running even then. */
  private runningHosts(): WorkerHost[] {
    if (!this.bootstrap.hasStarted) return [];
    return this.discovery.getProviders().flatMap(({ instance }) => (instance instanceof WorkerHost ? [instance] : []));
  }
}
