import { AccountBinding } from '#libs/accounts';
import { Database } from '#libs/database';
import { Injectable, Logger } from '@nestjs/common';
import { InvoiceLedger } from '../invoices/invoice-ledger';
import { ProviderInvoices } from '../provider/provider-invoices';
import { invoicesInHistory, numberDuplicates } from './history-entries';

/** The provider's entry types for a payment that it failed to collect. If payments stay away, it switches off every tenant's machines. */
export const PAYMENT_FAILURES: readonly string[] = ['AttemptFailed', 'ACHFailure'];

export interface HistoryReport {
  readonly entries: number;
  readonly newEntries: number;
  readonly newInvoices: number;
}

/** Charges, payments and credits of the account. The only writer of `cloud_billing_history`, which only grows. */
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
   * Reads the whole history and the headers of all invoices. Duplicates of an entry are stored only when the list was complete, because
   * entries have no id, and a list that shifted between two pages contains an entry twice. Throws the client's errors and
   * `OtherAccountError`.
   */
  async read(): Promise<HistoryReport> {
    const accountId = await this.pin.verify('billing');
    const history = await this.provider.history();
    const headers = await this.provider.headers();
    const numbered = numberDuplicates(history.rows).filter(({ nth }) => history.complete || nth === 1);
    const inserted = await this.database.query<{ type: string }>(INSERT_ENTRIES, [accountId, JSON.stringify(numbered)]);
    const newInvoices = await this.ledger.discover(accountId, invoicesInHistory(history.rows, headers.rows));
    const failures = inserted.filter(({ type }) => PAYMENT_FAILURES.includes(type)).length;
    if (failures > 0) this.log.error({ event: 'payment_failed', failures });
    const report = { entries: history.rows.length, newEntries: inserted.length, newInvoices };
    this.log.log({ event: 'billing_history_read', ...report, complete: history.complete && headers.complete });
    await this.pin.recordBillingHistoryRead(this.database, accountId);
    return report;
  }

  /** True when the history was last read longer than `ms` ago, or never. */
  async isOlderThan(ms: number): Promise<boolean> {
    const [row] = await this.database.query<{ due: boolean }>(
      `select coalesce(max(billing_history_read_at) <= clock_timestamp() - $1 * interval '1 millisecond', true) as due from cloud_accounts`,
      [ms],
    );
    return row?.due !== false;
  }
}

const INSERT_ENTRIES = `
insert into cloud_billing_history (account_id, type, description, amount, occurred_at, invoice_uuid, invoice_number, nth)
select $1, type, description, amount, "occurredAt", "invoiceUuid", "invoiceNumber", nth
  from json_to_recordset($2::json) as e(type text, description text, amount numeric, "occurredAt" timestamptz, "invoiceUuid" text, "invoiceNumber" text, nth int)
on conflict do nothing
returning type`;
