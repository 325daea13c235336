import { AuditLog, type AuditContext } from '#libs/audit';
import { Database } from '#libs/database';
import { Injectable } from '@nestjs/common';
import { InvoiceNotFoundError, InvoiceNotReleasableError } from '../billing.error';
import { FinanceOutbox } from '../finance/finance-outbox';
import { InvoiceReader } from '../reads/invoice-reader';
import type { InvoiceView } from '../reads/invoice.view';
import { InvoiceLedger } from './invoice-ledger';

/** What people do with invoices. Each change and its audit entry are one transaction (OPS-9). */
@Injectable()
export class InvoiceRequests {
  constructor(
    private readonly database: Database,
    private readonly ledger: InvoiceLedger,
    private readonly outbox: FinanceOutbox,
    private readonly reader: InvoiceReader,
    private readonly audit: AuditLog,
  ) {}

  /** The invoice is to be read again; a worker does it. Throws `InvoiceNotFoundError`. */
  async ingest(invoiceId: string, because: AuditContext): Promise<InvoiceView> {
    await this.database.transaction(async (tx) => {
      if (!(await this.ledger.request(tx, invoiceId))) throw new InvoiceNotFoundError(invoiceId);
      await this.audit.record(tx, { ...because, action: 'invoice_ingest_requested', target: { type: 'invoice', id: invoiceId } });
    });
    return this.reader.get(invoiceId);
  }

  /** A mismatch may go to finance as it is (BIL-5). Throws `InvoiceNotFoundError` and `InvoiceNotReleasableError`. */
  async release(invoiceId: string, because: AuditContext): Promise<InvoiceView> {
    await this.reader.get(invoiceId);
    await this.database.transaction(async (tx) => {
      const difference = await this.ledger.release(tx, invoiceId);
      if (difference === undefined) throw new InvoiceNotReleasableError(invoiceId);
      await this.outbox.announce(tx, invoiceId);
      await this.audit.record(tx, {
        ...because,
        action: 'invoice_released',
        target: { type: 'invoice', id: invoiceId },
        details: { difference },
      });
    });
    return this.reader.get(invoiceId);
  }
}
