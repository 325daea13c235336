import { Injectable } from '@nestjs/common';
import { Queues, type QueueName, type SweepJob } from './queue-definitions';
import { QueueClients } from './queue-clients';
import { withTimeout } from './within-limit';

/** Rings doorbells. What has to be done stands in a table before, so a bell that is not heard is rung again by a recovery scan. */
@Injectable()
export class Enqueuer {
  constructor(private readonly clients: QueueClients) {}

  /**
   * Asks a worker to sweep a kind. While such a job waits or runs, asking again adds nothing.
   * Throws `QueueUnavailableError` within 2 s.
   */
  async sweep(request: SweepJob & { readonly queue: QueueName }): Promise<void> {
    const { queue, ...job } = request;
    await withTimeout(this.clients.queue(queue).add('sweep', job, { deduplication: { id: `sweep/${job.kind}` } }));
  }

  /** Asks a worker to read the balance. While such a job waits or runs, asking again adds nothing. Throws `QueueUnavailableError` within 2 s. */
  async balance(): Promise<void> {
    await withTimeout(this.clients.queue(Queues.billing).add('balance', {}, { deduplication: { id: 'balance' } }));
  }

  /** Asks a worker to read the billing history. While such a job waits or runs, asking again adds nothing. Throws `QueueUnavailableError` within 2 s. */
  async billingHistory(): Promise<void> {
    await withTimeout(this.clients.queue(Queues.billing).add('billing-history', {}, { deduplication: { id: 'billing-history' } }));
  }

  /** Asks workers to ingest these invoices; one that waits or is being ingested is not asked for twice. Throws `QueueUnavailableError` within 2 s. */
  async ingests(invoiceIds: readonly string[]): Promise<void> {
    if (invoiceIds.length === 0) return;
    const jobs = invoiceIds.map((id) => ({
      name: 'ingest' as const,
      data: { invoice_id: id },
      opts: { deduplication: { id: `ingest/${id}` } },
    }));
    await withTimeout(this.clients.queue(Queues.billing).addBulk(jobs));
  }

  /** Asks a worker to tell finance what waits. While such a job waits or runs, asking again adds nothing. Throws `QueueUnavailableError` within 2 s. */
  async financePush(): Promise<void> {
    await withTimeout(this.clients.queue(Queues.billing).add('finance-push', {}, { deduplication: { id: 'finance-push' } }));
  }

  /** Tells a worker that sagas are due. Throws `QueueUnavailableError` within 2 s. */
  async sagas(): Promise<void> {
    await withTimeout(this.clients.queue(Queues.provisioning).add('sagas', {}));
  }
}
