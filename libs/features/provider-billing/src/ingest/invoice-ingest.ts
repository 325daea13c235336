import { DomainError, errorCode } from '#libs/kernel';
import { AccountBinding } from '#libs/inventory';
import { Injectable, Logger } from '@nestjs/common';
import { UnreadableDocumentError } from '../document/document.error';
import { InvoiceLedger, type ClaimedInvoice } from '../invoices/invoice-ledger';
import { ProviderInvoices } from '../provider/provider-invoices';
import { DocumentFile } from './document-file';
import { LineSets, type LineSetReport } from './line-set';

const purpose = 'billing';

/** Takes one invoice from the provider: document, ids and summary are fetched first, and no connection to the database waits for the network. */
@Injectable()
export class InvoiceIngest {
  private readonly log = new Logger('Billing');

  constructor(
    private readonly pin: AccountBinding,
    private readonly provider: ProviderInvoices,
    private readonly ledger: InvoiceLedger,
    private readonly lineSets: LineSets,
  ) {}

  /**
   * Safe to repeat, and to run twice at once. Undefined when there is no such invoice or a younger document was faster. Throws what went
   * wrong, after having put it down with the invoice; the lines of before stay. `signal` ends it as long as it waits for the provider.
   */
  async run(invoiceId: string, signal?: AbortSignal): Promise<LineSetReport | undefined> {
    const invoice = await this.ledger.claim(invoiceId);
    if (!invoice) return undefined;
    const started = performance.now();
    try {
      await this.pin.verify(purpose);
      const report = await this.take(invoice, signal);
      this.log.log({ event: 'invoice_ingested', ...named(invoice), ...report, ms: Math.round(performance.now() - started) });
      return report;
    } catch (error) {
      const code = errorCode(error);
      const line = error instanceof UnreadableDocumentError ? error.line : undefined;
      const detail = error instanceof DomainError ? error.message : 'an unexpected failure';
      this.log.warn({ event: 'invoice_not_ingested', ...named(invoice), code, line });
      await this.ledger.fail(invoice.id, { code, detail, line });
      throw error;
    }
  }

  private async take(invoice: ClaimedInvoice, signal?: AbortSignal): Promise<LineSetReport | undefined> {
    const summary = await this.provider.summary(invoice.invoice_uuid);
    const items = await this.provider.items(invoice.invoice_uuid, signal);
    const document = await DocumentFile.create();
    try {
      await this.provider.document(invoice.invoice_uuid, () => document.write(), signal);
      return await this.lineSets.replace(invoice, { document, hash: await document.sha256(), items, summary });
    } finally {
      await document.remove();
    }
  }
}

function named({ id, invoice_uuid, period }: ClaimedInvoice) {
  return { invoice_id: id, invoice_uuid, period };
}
