import { WorkerHost } from '@nestjs/bullmq';
import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { CONFIG, type Config } from '#libs/config';
import { SagaWorker } from '../sagas/saga-work';
import { StopSignal } from './stop-signal';
import { WorkerBootstrap } from './work-start';

/** Parts of the time to the exit: current work may finish in the first, must hand itself back until the second. */
const FINISH = 0.5;
const HAND_BACK = 0.7;

/**
 * No new jobs, current ones finished or handed back (OPS-6). Runs in the first phase of Nest's shutdown, so that what jobs use is still
 * open: other providers must release things in `onApplicationShutdown`. A job that does neither is taken over when its lock lapses.
 */
@Injectable()
export class GracefulShutdown implements OnModuleDestroy {
  private readonly log = new Logger('Worker');

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly start: WorkerBootstrap,
    private readonly stop: StopSignal,
    private readonly sagas: SagaWorker,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async onModuleDestroy(): Promise<void> {
    const { shutdownMs } = this.config;
    const hosts = this.discovery
      .getProviders()
      .flatMap(({ instance }) => (instance instanceof WorkerHost && this.start.hasStarted ? [instance] : [])); // sagas are at work also where the queues never were
    const drained = Promise.all([this.sagas.drain(), ...hosts.map(({ worker }) => worker.close())]).then(() => true);
    const handBack = setTimeout(() => this.stop.abort(), shutdownMs * FINISH);
    let giveUp: NodeJS.Timeout | undefined;
    const overdue = new Promise<false>((resolve) => (giveUp = setTimeout(resolve, shutdownMs * HAND_BACK, false)));
    const finished = await Promise.race([drained, overdue]);
    clearTimeout(handBack);
    clearTimeout(giveUp);
    this.log.log({ event: finished ? 'drained' : 'drain_overdue' });
  }
}
