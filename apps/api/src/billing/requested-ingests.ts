import { Injectable, Logger } from '@nestjs/common';
import type { AuditContext } from '#libs/audit';
import { InvoiceService, type InvoiceView } from '#libs/provider-billing';
import { errorCode } from '#libs/kernel';
import { Enqueuer } from '#libs/queues';

/** What people ask for about invoices: written down first, then a worker is woken. A bell that nobody hears costs one round of the workers' repair timer. */
@Injectable()
export class RequestedIngests {
  private readonly log = new Logger('Billing');

  constructor(
    private readonly requests: InvoiceService,
    private readonly enqueuer: Enqueuer,
  ) {}

  async ingest(invoiceId: string, because: AuditContext): Promise<InvoiceView> {
    const invoice = await this.requests.requestIngest(invoiceId, because);
    await this.wake(() => this.enqueuer.ingests([invoiceId]));
    return invoice;
  }

  async release(invoiceId: string, because: AuditContext): Promise<InvoiceView> {
    const invoice = await this.requests.release(invoiceId, because);
    await this.wake(() => this.enqueuer.financePush());
    return invoice;
  }

  private async wake(ring: () => Promise<void>): Promise<void> {
    try {
      await ring();
    } catch (error) {
      this.log.warn({ event: 'ingest_wakeup_failed', code: errorCode(error) });
    }
  }
}
