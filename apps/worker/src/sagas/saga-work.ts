import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '#libs/config';
import { SagaEngine } from '#libs/saga';
import { SagaMaintenance } from './upkeep';
import { StopSignal } from '../lifetime/stop-signal';

/** The sagas' share in the life of a worker: those that serve `provisioning` run the engine, whether the queue can be reached or not. */
@Injectable()
export class SagaWorker {
  private readonly serves: boolean;

  constructor(
    private readonly engine: SagaEngine,
    private readonly upkeep: SagaMaintenance,
    private readonly stop: StopSignal,
    @Inject(CONFIG) config: Config,
  ) {
    const { queues } = config.worker;
    this.serves = queues === 'all' || queues.includes('provisioning');
  }

  /** What a restore has cut off is marked before anything goes on. */
  async start(): Promise<void> {
    if (!this.serves) return;
    await this.upkeep.noticeRestore();
    this.engine.start();
    this.upkeep.start();
  }

  /** Runs go on to their next boundary and are handed back; when the time for that is over they are left to others. */
  async drain(): Promise<void> {
    this.stop.signal.addEventListener('abort', () => this.engine.abandon(), { once: true });
    this.upkeep.stop();
    await this.engine.drain();
  }
}
