import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '#libs/config';
import { SagaEngine } from '#libs/saga';
import { SagaMaintenance } from './upkeep';
import { StopSignal } from '../lifetime/stop-signal';

/** Between two attempts to ask the provider whether the database is older than it. */
const ASK_AGAIN_MS = 2_000;

/** The sagas' share in the life of a worker: those that serve `provisioning` run the engine, whether the queue can be reached or not. */
@Injectable()
export class SagaWorker {
  private readonly serves: boolean;
  private draining = false;

  constructor(
    private readonly engine: SagaEngine,
    private readonly upkeep: SagaMaintenance,
    private readonly stop: StopSignal,
    @Inject(CONFIG) config: Config,
  ) {
    const { queues } = config.worker;
    this.serves = queues === 'all' || queues.includes('provisioning');
  }

  /** What a restore has cut off is marked before anything goes on. While the provider cannot be asked for its mark, only the upkeep starts. */
  async start(): Promise<void> {
    if (!this.serves) return;
    const ruledOut = await this.upkeep.noticeRestore();
    this.upkeep.start();
    if (ruledOut) this.engine.start();
    else void this.startOnceRuledOut();
  }

  private async startOnceRuledOut(): Promise<void> {
    while (!this.draining) {
      await delay(ASK_AGAIN_MS, undefined, { ref: false });
      if (this.draining || !(await this.upkeep.noticeRestore())) continue;
      if (!this.draining) this.engine.start();
      return;
    }
  }

  /** Runs go on to their next boundary and are handed back; when the time for that is over they are left to others. */
  async drain(): Promise<void> {
    this.stop.signal.addEventListener('abort', () => this.engine.abandon(), { once: true });
    this.draining = true;
    this.upkeep.stop();
    await this.engine.drain();
  }
}
