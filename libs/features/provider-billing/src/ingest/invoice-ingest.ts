import { AccountBinding } from '#libs/accounts';
import { DomainError, errorCode } from '#libs/kernel';
import { Database } from '#libs/database';
import { CompletenessReader } from '#libs/inventory';
import { Injectable, Logger } from '@nestjs/common';
import { InvoiceLedger, type ClaimedInvoice } from '../invoices/invoice-ledger';
import { UnreadableDocumentError } from '../provider-billing.errors';
import { ProviderInvoices } from '../provider/provider-invoices';
import { DocumentFile } from './document-file';
import { InvoiceLineWriter, type IngestReport } from './invoice-line-writer';

const purpose = 'billing';
/** How long ingestion waits for the first sweeps. A kind that the token may not list is never swept. */
const LONGEST_WAIT = `interval '1 hour'`;

/** Ingests one invoice. The document, the items and the summary are fetched first, so no database connection waits for the provider. */
@Injectable()
export class InvoiceIngest {
  private readonly log = new Logger('Billing');

  constructor(
    private readonly binding: AccountBinding,
    private readonly provider: ProviderInvoices,
    private readonly ledger: InvoiceLedger,
    private readonly lineWriter: InvoiceLineWriter,
    private readonly database: Database,
    private readonly completeness: CompletenessReader,
  ) {}

  /**
   * True when every kind was listed completely at least once, or the longest wait has passed. Lines can only be matched to known
   * resources, so on a first run invoices wait for the first sweeps.
   */
  async isReady(): Promise<boolean> {
    const { as_of } = await this.completeness.ofKind(undefined);
    if (as_of !== null) return true;
    const rows = await this.database.query(`select 1 from cloud_accounts where pinned_at < clock_timestamp() - ${LONGEST_WAIT}`);
    return rows.length > 0;
  }

  /**
   * Safe to repeat and to run concurrently. Returns undefined when the invoice does not exist or a document requested later was ingested
   * first. Any error is recorded with the invoice and then thrown; the previous lines stay. `signal` aborts only while the provider is
   * read.
   */
  async run(invoiceId: string, signal?: AbortSignal): Promise<IngestReport | undefined> {
    const invoice = await this.ledger.claimInvoice(invoiceId);
    if (!invoice) return undefined;
    const started = performance.now();
    try {
      await this.binding.verify(purpose);
      const report = await this.ingest(invoice, signal);
      this.log.log({ event: 'invoice_ingested', ...logFields(invoice), ...report, ms: Math.round(performance.now() - started) });
      return report;
    } catch (error) {
      const code = errorCode(error);
      const line = error instanceof UnreadableDocumentError ? error.line : undefined;
      const detail = error instanceof DomainError ? error.message : 'an unexpected failure';
      this.log.warn({ event: 'invoice_ingest_failed', ...logFields(invoice), code, line });
      await this.ledger.recordFailure(invoice.id, { code, detail, line });
      throw error;
    }
  }

  private async ingest(invoice: ClaimedInvoice, signal?: AbortSignal): Promise<IngestReport | undefined> {
    const summary = await this.provider.summary(invoice.invoiceUuid);
    const items = await this.provider.items(invoice.invoiceUuid, signal);
    const document = await DocumentFile.create();
    try {
      await this.provider.downloadDocument(invoice.invoiceUuid, () => document.write(), signal);
      return await this.lineWriter.replaceLines(invoice, { document, hash: await document.sha256(), items, summary });
    } finally {
      await document.remove();
    }
  }
}

function logFields({ id, invoiceUuid, period }: ClaimedInvoice) {
  return { invoice_id: id, invoice_uuid: invoiceUuid, period };
}
