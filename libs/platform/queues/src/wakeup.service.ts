import { errorFields } from '#libs/kernel';
import { Injectable, Logger } from '@nestjs/common';
import { Enqueuer } from './enqueuer';
import type { QueueName } from './queue-definitions';

/**
 * Wakes workers after a request has been committed. A failed wake-up is logged, never thrown: it delays the work until the
 * workers' next timer (`SCHEDULES_REPAIR_MS`, for sagas `SAGA_RECONCILE_MS`, for deliveries `NOTIFY_MS`). Each call takes 2 s longer during an outage of
 * the queues.
 */
@Injectable()
export class WakeupService {
  private readonly log = new Logger('Wakeups');

  constructor(private readonly enqueuer: Enqueuer) {}

  wakeSweepWorker(queue: QueueName, kind: string): Promise<void> {
    return this.wake({ event: 'sweep_wakeup_failed', kind }, () => this.enqueuer.sweep({ queue, kind, trigger: 'manual' }));
  }

  wakeIngestWorker(invoiceId: string): Promise<void> {
    return this.wake({ event: 'ingest_wakeup_failed' }, () => this.enqueuer.ingests([invoiceId]));
  }

  wakeFinancePushWorker(): Promise<void> {
    return this.wake({ event: 'ingest_wakeup_failed' }, () => this.enqueuer.financePush());
  }

  wakeRatingWorker(runId: string): Promise<void> {
    return this.wake({ event: 'rating_wakeup_failed' }, () => this.enqueuer.ratings([runId]));
  }

  wakeDeliveryWorker(): Promise<void> {
    return this.wake({ event: 'delivery_wakeup_failed' }, () => this.enqueuer.notifications('deliveries'));
  }

  /** After documents of tenants were issued: they are printed and announced to finance. */
  async wakeDocumentWorkers(): Promise<void> {
    await Promise.all([
      this.wake({ event: 'document_wakeup_failed' }, () => this.enqueuer.dueDocuments()),
      this.wake({ event: 'document_wakeup_failed' }, () => this.enqueuer.financePush()),
    ]);
  }

  wakeSagaWorkers(): Promise<void> {
    return this.wake({ event: 'saga_wakeup_failed' }, () => this.enqueuer.sagas());
  }

  private async wake(onFailure: Readonly<Record<string, string>>, enqueue: () => Promise<void>): Promise<void> {
    try {
      await enqueue();
    } catch (error) {
      this.log.warn({ ...onFailure, ...errorFields(error) });
    }
  }
}
