import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '#libs/config';
import { SagaEngine } from '#libs/saga';
import { StopSignal } from '../jobs/run-job';
import { SagaMaintenance } from '../maintenance/saga-maintenance';

/** Between two attempts to find out whether the database was restored from a backup. */
const RESTORE_CHECK_RETRY_MS = 2_000;

/** Runs the saga engine in the workers that serve the queue `provisioning`, whether or not that queue is reachable. */
@Injectable()
export class SagaWorker {
  private readonly serves: boolean;
  private draining = false;

  constructor(
    private readonly engine: SagaEngine,
    private readonly maintenance: SagaMaintenance,
    private readonly stop: StopSignal,
    @Inject(CONFIG) config: Config,
  ) {
    const { queues } = config.worker;
    this.serves = queues === 'all' || queues.includes('provisioning');
  }

  /**
   * Sagas that a restore has cut off are marked before any saga runs. While the provider cannot be reached to read its mark, only the
   * maintenance starts.
   */
  async start(): Promise<void> {
    if (!this.serves) return;
    const restoreChecked = await this.maintenance.checkForRestore();
    this.maintenance.start();
    if (restoreChecked) this.engine.start();
    else void this.startOnceRestoreIsChecked();
  }

  private async startOnceRestoreIsChecked(): Promise<void> {
    while (!this.draining) {
      await delay(RESTORE_CHECK_RETRY_MS, undefined, { ref: false });
      if (this.draining || !(await this.maintenance.checkForRestore())) continue;
      if (!this.draining) this.engine.start();
      return;
    }
  }

  /** Runs continue to their next step boundary and are handed back. At the stop signal the rest is abandoned: other workers take it over. */
  async drain(): Promise<void> {
    this.stop.signal.addEventListener('abort', () => this.engine.abandon(), { once: true });
    this.draining = true;
    this.maintenance.stop();
    await this.engine.drain();
  }
}
