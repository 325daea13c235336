import { Database } from '#libs/database';
import { DigitalOcean } from '#libs/digitalocean';
import { AccountBinding } from '#libs/inventory';
import { Injectable } from '@nestjs/common';
import { BalanceNotReadError } from '../billing.error';
import type { InvoicePreview } from '../provider/invoice-answers';
import { ProviderInvoices } from '../provider/provider-invoices';
import { parseBalance } from './balance';
import { BALANCE_COLUMNS, balanceView, type BalanceRow, type BalanceView } from './balance.view';

const purpose = 'billing';

/** Reads the account's balance and the preview of the next invoice. The only writer of `cloud_balance_snapshots` and `cloud_invoice_previews`. */
@Injectable()
export class BalanceSnapshots {
  constructor(
    private readonly database: Database,
    private readonly provider: DigitalOcean,
    private readonly pin: AccountBinding,
    private readonly invoices: ProviderInvoices,
  ) {}

  /** Two calls. Writes nothing for another account's token (INV-6); throws the client's errors and `OtherAccountError`. */
  async take(): Promise<void> {
    const accountId = await this.pin.verify(purpose);
    const balance = await this.provider.get({ purpose, path: '/v2/customers/my/balance', parse: parseBalance });
    const { monthToDateBalance, accountBalance, monthToDateUsage, generatedAt } = balance;
    await this.database.query(
      `insert into cloud_balance_snapshots (account_id, month_to_date_balance, account_balance, month_to_date_usage, generated_at)
       values ($1, $2, $3, $4, $5)`,
      [accountId, monthToDateBalance, accountBalance, monthToDateUsage, generatedAt],
    );
    await this.keepPreview(accountId, await this.invoices.preview());
  }

  /** Throws `BalanceNotReadError`. */
  async latest(): Promise<BalanceView> {
    const [row] = await this.database.query<BalanceRow>(
      `select ${BALANCE_COLUMNS} from cloud_balance_snapshots order by taken_at desc limit 1`,
    );
    if (!row) throw new BalanceNotReadError();
    return balanceView(row);
  }

  private async keepPreview(accountId: string, preview: InvoicePreview | null): Promise<void> {
    if (!preview) {
      await this.database.query('update cloud_invoice_previews set removed_at = clock_timestamp() where account_id = $1', [accountId]);
      return;
    }
    const { invoiceUuid, period, amount, updatedAt } = preview;
    await this.database.query(
      `insert into cloud_invoice_previews (account_id, invoice_uuid, period, amount, updated_at) values ($1, $2, $3, $4, $5)
       on conflict (account_id) do update set invoice_uuid = $2, period = $3, amount = $4, updated_at = $5, removed_at = null`,
      [accountId, invoiceUuid, period, amount, updatedAt],
    );
  }

  /** There is none, or the last one is older than that. */
  async isOlderThan(ms: number): Promise<boolean> {
    const [row] = await this.database.query<{ due: boolean }>(
      `select coalesce(max(taken_at) <= clock_timestamp() - $1 * interval '1 millisecond', true) as due from cloud_balance_snapshots`,
      [ms],
    );
    return row?.due !== false;
  }
}
