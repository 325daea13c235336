import { Database } from '#libs/database';
import { AccountBinding } from '#libs/inventory';
import { Injectable, Logger } from '@nestjs/common';
import { InvoiceLedger } from '../invoices/invoice-ledger';
import { ProviderInvoices } from '../provider/provider-invoices';
import { invoicesIn } from './invoices-in-history';
import { numberEquals } from './number-equals';

/** What the provider says when money could not be taken: soon it threatens every tenant's machines. */
export const PAYMENT_FAILURES: readonly string[] = ['AttemptFailed', 'ACHFailure'];

export interface HistoryReport {
  readonly entries: number;
  readonly newEntries: number;
  readonly newInvoices: number;
}

/** What the account was charged, paid and credited. The only writer of `cloud_billing_history`, which only grows. */
@Injectable()
export class BillingHistory {
  private readonly log = new Logger('Billing');

  constructor(
    private readonly database: Database,
    private readonly pin: AccountBinding,
    private readonly provider: ProviderInvoices,
    private readonly ledger: InvoiceLedger,
  ) {}

  /**
   * Reads all of it, whatever its age, and the headers of all invoices. Entries have no id, so equal ones count only when the list was
   * complete: a list that shifted shows one twice. Throws the client's errors and `OtherAccountError`.
   */
  async read(): Promise<HistoryReport> {
    const accountId = await this.pin.verify('billing');
    const history = await this.provider.history();
    const headers = await this.provider.headers();
    const numbered = numberEquals(history.rows).filter(({ nth }) => history.complete || nth === 1);
    const fresh = await this.database.query<{ type: string }>(KEEP, [accountId, JSON.stringify(numbered)]);
    const newInvoices = await this.ledger.discover(accountId, invoicesIn(history.rows, headers.rows));
    const failures = fresh.filter(({ type }) => PAYMENT_FAILURES.includes(type)).length;
    if (failures > 0) this.log.error({ event: 'payment_failed', failures });
    const report = { entries: history.rows.length, newEntries: fresh.length, newInvoices };
    this.log.log({ event: 'billing_history_read', ...report, complete: history.complete && headers.complete });
    await this.pin.recordBillingHistoryRead(this.database, accountId);
    return report;
  }

  /** It was never read, or the last time is longer ago than that. */
  async isOlderThan(ms: number): Promise<boolean> {
    const [row] = await this.database.query<{ due: boolean }>(
      `select coalesce(max(billing_history_read_at) <= clock_timestamp() - $1 * interval '1 millisecond', true) as due from cloud_accounts`,
      [ms],
    );
    return row?.due !== false;
  }
}

const KEEP = `
insert into cloud_billing_history (account_id, type, description, amount, occurred_at, invoice_uuid, invoice_number, nth)
select $1, type, description, amount, "occurredAt", "invoiceUuid", "invoiceNumber", nth
  from json_to_recordset($2::json) as e(type text, description text, amount numeric, "occurredAt" timestamptz, "invoiceUuid" text, "invoiceNumber" text, nth int)
on conflict do nothing
returning type`;
