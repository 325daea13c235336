import { AuditLog, type AuditContext } from '#libs/audit';
import { Database } from '#libs/database';
import { Injectable } from '@nestjs/common';
import { FinanceOutbox } from '../finance/finance-outbox';
import { InvoiceNotFoundError, InvoiceNotReleasableError } from '../provider-billing.errors';
import { InvoiceReader, type InvoiceView } from '../queries/invoice-reader';
import { InvoiceLedger } from './invoice-ledger';

/** Changes to invoices that people request. Each change and its audit entry are one transaction. [OPS-9] */
@Injectable()
export class InvoiceService {
  constructor(
    private readonly database: Database,
    private readonly ledger: InvoiceLedger,
    private readonly outbox: FinanceOutbox,
    private readonly reader: InvoiceReader,
    private readonly audit: AuditLog,
  ) {}

  /** Makes the invoice due at once; a worker ingests it. Throws `InvoiceNotFoundError`. */
  async requestIngest(invoiceId: string, auditContext: AuditContext): Promise<InvoiceView> {
    await this.database.transaction(async (tx) => {
      if (!(await this.ledger.requestIngest(tx, invoiceId))) throw new InvoiceNotFoundError(invoiceId);
      await this.audit.record(tx, { ...auditContext, action: 'invoice_ingest_requested', target: { type: 'invoice', id: invoiceId } });
    });
    return this.reader.get(invoiceId);
  }

  /**
   * Releases a mismatch: it is pushed to finance in spite of its difference. Throws `InvoiceNotFoundError`
   * and `InvoiceNotReleasableError`. [BIL-5]
   */
  async release(invoiceId: string, auditContext: AuditContext): Promise<InvoiceView> {
    await this.reader.get(invoiceId);
    await this.database.transaction(async (tx) => {
      const difference = await this.ledger.release(tx, invoiceId);
      if (difference === undefined) throw new InvoiceNotReleasableError(invoiceId);
      await this.outbox.announce(tx, invoiceId);
      await this.audit.record(tx, {
        ...auditContext,
        action: 'invoice_released',
        target: { type: 'invoice', id: invoiceId },
        details: { difference },
      });
    });
    return this.reader.get(invoiceId);
  }
}
