import { Injectable } from '@nestjs/common';
import { QueueClients, withQueueTimeout } from './queue-clients';
import { Queues, type NotificationJobName, type QueueName, type SweepJob } from './queue-definitions';

/**
 * Wakes workers. The work itself is committed to a table before, so a recovery scan repeats a lost wake-up. Where a job is deduplicated, a
 * second request adds nothing while the first job waits or runs. All methods throw `QueueUnavailableError` within 2 s.
 */
@Injectable()
export class Enqueuer {
  constructor(private readonly clients: QueueClients) {}

  /** Requests a sweep of a resource kind. Deduplicated by kind. */
  async sweep(request: SweepJob & { readonly queue: QueueName }): Promise<void> {
    const { queue, ...job } = request;
    await withQueueTimeout(this.clients.queue(queue).add('sweep', job, { deduplication: { id: `sweep/${job.kind}` } }));
  }

  /** Requests a reading of the balance. Deduplicated. */
  async balance(): Promise<void> {
    await withQueueTimeout(this.clients.queue(Queues.billing).add('balance', {}, { deduplication: { id: 'balance' } }));
  }

  /** Requests a reading of the billing history. Deduplicated. */
  async billingHistory(): Promise<void> {
    await withQueueTimeout(this.clients.queue(Queues.billing).add('billing-history', {}, { deduplication: { id: 'billing-history' } }));
  }

  /** Requests the ingest of these invoices. Deduplicated by invoice. */
  async ingests(invoiceIds: readonly string[]): Promise<void> {
    if (invoiceIds.length === 0) return;
    const jobs = invoiceIds.map((id) => ({
      name: 'ingest' as const,
      data: { invoice_id: id },
      opts: { deduplication: { id: `ingest/${id}` } },
    }));
    await withQueueTimeout(this.clients.queue(Queues.billing).addBulk(jobs));
  }

  /** Requests a push of due invoices to finance. Deduplicated. */
  async financePush(): Promise<void> {
    await withQueueTimeout(this.clients.queue(Queues.billing).add('finance-push', {}, { deduplication: { id: 'finance-push' } }));
  }

  /** Requests these billing runs. Deduplicated by run. */
  async ratings(runIds: readonly string[]): Promise<void> {
    if (runIds.length === 0) return;
    const jobs = runIds.map((id) => ({ name: 'rating' as const, data: { run_id: id }, opts: { deduplication: { id: `rating/${id}` } } }));
    await withQueueTimeout(this.clients.queue(Queues.billing).addBulk(jobs));
  }

  /** Notifies a worker that webhooks, mails and chats to subscribers, or requested messages are due. Deduplicated by what is due. */
  async notifications(due: NotificationJobName): Promise<void> {
    await withQueueTimeout(this.clients.queue(Queues.notifications).add(due, {}, { deduplication: { id: due } }));
  }

  /** Notifies a worker that documents of tenants may be due. Deduplicated. */
  async dueDocuments(): Promise<void> {
    await withQueueTimeout(this.clients.queue(Queues.metering).add('documents', {}, { deduplication: { id: 'documents' } }));
  }

  /** Requests the rendering of these documents, the lowest `order` first. Deduplicated by document. */
  async documents(due: readonly { readonly id: string; readonly order: number }[]): Promise<void> {
    if (due.length === 0) return;
    const jobs = due.map(({ id, order }) => ({
      name: 'document' as const,
      data: { document_id: id },
      opts: { priority: order, deduplication: { id: `document/${id}` } },
    }));
    await withQueueTimeout(this.clients.queue(Queues.metering).addBulk(jobs));
  }

  /** Notifies a worker that sagas are due. Not deduplicated. */
  async sagas(): Promise<void> {
    await withQueueTimeout(this.clients.queue(Queues.provisioning).add('sagas', {}));
  }
}
