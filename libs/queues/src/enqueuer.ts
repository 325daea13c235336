import { Injectable } from '@nestjs/common';
import { Queues, type QueueName, type SweepJob } from './catalogue';
import { QueueClients } from './queue-clients';
import { withinLimit } from './within-limit';

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
    await withinLimit(this.clients.queue(queue).add('sweep', job, { deduplication: { id: `sweep/${job.kind}` } }));
  }

  /** Asks a worker to read the balance. While such a job waits or runs, asking again adds nothing. Throws `QueueUnavailableError` within 2 s. */
  async balance(): Promise<void> {
    await withinLimit(this.clients.queue(Queues.billing).add('balance', {}, { deduplication: { id: 'balance' } }));
  }

  /** Tells a worker that sagas are due. Throws `QueueUnavailableError` within 2 s. */
  async sagas(): Promise<void> {
    await withinLimit(this.clients.queue(Queues.provisioning).add('sagas', {}));
  }
}
