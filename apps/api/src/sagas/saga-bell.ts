import { Injectable, Logger } from '@nestjs/common';
import { errorCode } from '#libs/kernel';
import { Enqueuer } from '#libs/queues';

/** Wakes a worker for sagas that were written down. */
@Injectable()
export class SagaWakeup {
  private readonly log = new Logger('Sagas');

  constructor(private readonly enqueuer: Enqueuer) {}

  /** A bell that nobody hears costs one round of the workers' reconciler (`SAGA_RECONCILE_MS`), not the saga. */
  async ring(): Promise<void> {
    try {
      await this.enqueuer.sagas();
    } catch (error) {
      this.log.warn({ event: 'saga_wakeup_failed', code: errorCode(error) });
    }
  }
}
