import { AuditLog, type AuditContext } from '#libs/audit';
import { queryableOf, Transaction } from '#libs/database';
import { Injectable } from '@nestjs/common';
import { FinancePush } from '../finance/finance-push';
import { InvoiceNotFoundError, InvoiceNotReleasableError } from '../provider-billing.errors';
import { InvoiceReader, type InvoiceView } from '../queries/invoice-reader';
import { InvoiceLedger } from './invoice-ledger';

/** Changes to invoices that people request. Each change and its audit entry are one transaction. [OPS-9] */
@Injectable()
export class InvoiceService {
  constructor(
    private readonly transaction: Transaction,
    private readonly ledger: InvoiceLedger,
    private readonly finance: FinancePush,
    private readonly reader: InvoiceReader,
    private readonly audit: AuditLog,
  ) {}

  /** Makes the invoice due at once; a worker ingests it. Throws `InvoiceNotFoundError`. */
  async requestIngest(invoiceId: string, auditContext: AuditContext): Promise<InvoiceView> {
    await this.transaction.run(async (em) => {
      if (!(await this.ledger.requestIngest(em, invoiceId))) throw new InvoiceNotFoundError(invoiceId);
      const target = { type: 'invoice', id: invoiceId };
      await this.audit.record(queryableOf(em), { ...auditContext, action: 'invoice_ingest_requested', target });
    });
    return this.reader.get(invoiceId);
  }

  /**
   * Releases a mismatch: it is pushed to finance in spite of its difference. Throws `InvoiceNotFoundError`
   * and `InvoiceNotReleasableError`. [BIL-5]
   */
  async release(invoiceId: string, auditContext: AuditContext): Promise<InvoiceView> {
    await this.reader.get(invoiceId);
    await this.transaction.run(async (em) => {
      const difference = await this.ledger.release(em, invoiceId);
      if (difference === undefined) throw new InvoiceNotReleasableError(invoiceId);
      await this.finance.announce(em, invoiceId);
      await this.audit.record(queryableOf(em), {
        ...auditContext,
        action: 'invoice_released',
        target: { type: 'invoice', id: invoiceId },
        details: { difference },
      });
    });
    return this.reader.get(invoiceId);
  }
}
