import { errorCode } from '#libs/kernel';
import { Injectable, Logger } from '@nestjs/common';
import { FinanceClient } from './finance-client';
import { FinanceInvoices } from './finance-invoice';
import { FinanceOutbox, type Announcement } from './finance-outbox';

/** Tells finance what waits in the outbox. Any number of workers may do so at once. */
@Injectable()
export class FinancePush {
  private readonly log = new Logger('Finance');

  constructor(
    private readonly outbox: FinanceOutbox,
    private readonly invoices: FinanceInvoices,
    private readonly client: FinanceClient,
  ) {}

  /** Something waits, and there is somebody to tell. */
  async isDue(): Promise<boolean> {
    return this.client.configured && (await this.outbox.isDue());
  }

  /** Delivers until nothing is due or `signal` says stop; what finance does not take waits longer each time. */
  async deliver(signal?: AbortSignal): Promise<{ delivered: number; failed: number }> {
    const report = { delivered: 0, failed: 0 };
    if (!this.client.configured) return report;
    for (;;) {
      const announcement = signal?.aborted ? undefined : await this.outbox.claim();
      if (!announcement) return report;
      if (await this.tell(announcement, signal)) report.delivered += 1;
      else report.failed += 1;
    }
  }

  private async tell(claimed: Announcement, signal?: AbortSignal): Promise<boolean> {
    const line = { invoice_id: claimed.invoice_id, attempt: claimed.attempts };
    let announcement = claimed;
    try {
      const invoice = await this.invoices.of(announcement.invoice_id);
      if (!invoice) return false; // it became a mismatch since: it waits for a release
      const renewed = await this.outbox.renew(announcement);
      if (!renewed) return false; // reading it took so long that another worker tells it
      announcement = renewed;
      await this.outbox.delivered(announcement, await this.client.importInvoice(invoice, signal));
      this.log.log({ event: 'invoice_pushed', ...line });
      return true;
    } catch (error) {
      const code = errorCode(error);
      this.log.warn({ event: 'invoice_not_pushed', ...line, code });
      await this.outbox.failed(announcement, code);
      if (code === 'internal') throw error;
      return false;
    }
  }
}
