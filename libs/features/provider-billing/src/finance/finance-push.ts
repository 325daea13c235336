import { errorCode } from '#libs/kernel';
import { Injectable, Logger } from '@nestjs/common';
import { FinanceClient } from './finance-client';
import { FinanceInvoiceReader } from './finance-invoice-reader';
import { FinanceOutbox, type Announcement } from './finance-outbox';

/** Delivers the announcements of the outbox to finance. Any number of workers may do so at the same time. [BIL-8] */
@Injectable()
export class FinancePush {
  private readonly log = new Logger('Finance');

  constructor(
    private readonly outbox: FinanceOutbox,
    private readonly invoices: FinanceInvoiceReader,
    private readonly client: FinanceClient,
  ) {}

  /** True when an announcement is due and a finance service is configured. */
  async isDue(): Promise<boolean> {
    return this.client.configured && (await this.outbox.isDue());
  }

  /** Delivers until nothing is due or `signal` aborts. The pause before the next attempt grows with each failure of an announcement. */
  async deliver(signal?: AbortSignal): Promise<{ delivered: number; failed: number }> {
    const report = { delivered: 0, failed: 0 };
    if (!this.client.configured) return report;
    for (;;) {
      const announcement = signal?.aborted ? undefined : await this.outbox.claimNext();
      if (!announcement) return report;
      if (await this.push(announcement, signal)) report.delivered += 1;
      else report.failed += 1;
    }
  }

  private async push(claimed: Announcement, signal?: AbortSignal): Promise<boolean> {
    const fields = { invoice_id: claimed.invoice_id, attempt: claimed.attempts };
    let announcement = claimed;
    try {
      const invoice = await this.invoices.read(announcement.invoice_id);
      if (!invoice) return false; // the invoice has become a mismatch: it waits for a release
      const renewed = await this.outbox.renewLease(announcement);
      if (!renewed) return false; // reading took longer than the lease: another worker delivers
      announcement = renewed;
      await this.outbox.markDelivered(announcement, await this.client.importInvoice(invoice, signal));
      this.log.log({ event: 'invoice_pushed', ...fields });
      return true;
    } catch (error) {
      const code = errorCode(error);
      this.log.warn({ event: 'invoice_push_failed', ...fields, code });
      await this.outbox.markFailed(announcement, code);
      if (code === 'internal') throw error;
      return false;
    }
  }
}
