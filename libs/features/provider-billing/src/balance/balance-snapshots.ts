import { AccountBinding } from '#libs/accounts';
import type { Config } from '#libs/config';
import { Database, type RetentionRule } from '#libs/database';
import { DigitalOcean, moneyText, record } from '#libs/digitalocean';
import { Injectable } from '@nestjs/common';
import { BalanceNotReadError } from '../provider-billing.errors';
import { timeText, type InvoicePreview } from '../provider/invoice-responses';
import { ProviderInvoices } from '../provider/provider-invoices';

const purpose = 'billing';

/** The balance that the API returns, as decimal text. A positive amount is owed, a negative one is credit. */
export interface BalanceView {
  readonly month_to_date_balance: string;
  readonly account_balance: string;
  readonly month_to_date_usage: string;
  readonly currency: 'USD';
  /** By the provider's clock. */
  readonly generated_at: string;
  readonly taken_at: string;
}

interface BalanceRow extends Omit<BalanceView, 'currency' | 'generated_at' | 'taken_at'> {
  readonly generated_at: Date;
  readonly taken_at: Date;
}

/**
 * Reads the account's balance and the preview of the next invoice. The only writer of `cloud_balance_snapshots`, `cloud_invoice_previews`.
 */
@Injectable()
export class BalanceSnapshots {
  constructor(
    private readonly database: Database,
    private readonly provider: DigitalOcean,
    private readonly binding: AccountBinding,
    private readonly invoices: ProviderInvoices,
  ) {}

  /** Makes two calls. Throws the client's errors, and `OtherAccountError` before anything of another account is written. [INV-6] */
  async takeSnapshot(): Promise<void> {
    const accountId = await this.binding.verify(purpose);
    const balance = await this.provider.get({ purpose, path: '/v2/customers/my/balance', parse: parseBalance });
    const { monthToDateBalance, accountBalance, monthToDateUsage, generatedAt } = balance;
    await this.database.query(
      `insert into cloud_balance_snapshots (account_id, month_to_date_balance, account_balance, month_to_date_usage, generated_at)
       values ($1, $2, $3, $4, $5)`,
      [accountId, monthToDateBalance, accountBalance, monthToDateUsage, generatedAt],
    );
    await this.savePreview(accountId, await this.invoices.preview());
  }

  /** Throws `BalanceNotReadError`. */
  async latest(): Promise<BalanceView> {
    const [row] = await this.database.query<BalanceRow>(
      `select month_to_date_balance::text, account_balance::text, month_to_date_usage::text, generated_at, taken_at
         from cloud_balance_snapshots order by taken_at desc limit 1`,
    );
    if (!row) throw new BalanceNotReadError();
    return balanceView(row);
  }

  /** True when the last snapshot is older than `ms`, or none exists. */
  async isOlderThan(ms: number): Promise<boolean> {
    const [row] = await this.database.query<{ due: boolean }>(
      `select coalesce(max(taken_at) <= clock_timestamp() - $1 * interval '1 millisecond', true) as due from cloud_balance_snapshots`,
      [ms],
    );
    return row?.due !== false;
  }

  private async savePreview(accountId: string, preview: InvoicePreview | null): Promise<void> {
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
}

/** `GET /v2/customers/my/balance` returns a bare object with amounts as decimal text. */
function parseBalance(raw: unknown) {
  const balance = record(raw, 'balance');
  return {
    monthToDateBalance: moneyText(balance, 'month_to_date_balance'),
    accountBalance: moneyText(balance, 'account_balance'),
    monthToDateUsage: moneyText(balance, 'month_to_date_usage'),
    generatedAt: timeText(balance, 'generated_at'),
  };
}

/** The provider bills in US dollars only (docs/digitalocean-facts.md 9.6). */
function balanceView({ generated_at, taken_at, ...amounts }: BalanceRow): BalanceView {
  return { ...amounts, currency: 'USD', generated_at: generated_at.toISOString(), taken_at: taken_at.toISOString() };
}

/**
 * Keeps all snapshots of the last $2 days, and of each earlier UTC day the last one of an account. With `offset 0` the subquery runs once
 * per row and uses the index.
 */
const THIN_OUT = `
delete from cloud_balance_snapshots where id in (
  select s.id from cloud_balance_snapshots s
   where s.taken_at < clock_timestamp() - $2 * interval '1 day'
     and exists (select from cloud_balance_snapshots l where l.account_id = s.account_id and l.taken_at > s.taken_at
                    and l.taken_at < date_trunc('day', s.taken_at, 'UTC') + interval '1 day' offset 0)
   limit $1 for update skip locked)`;

/** Keeps hourly balances for the configured number of days, and daily balances without a limit. */
export function balanceRetention({ retention }: Config): RetentionRule[] {
  return [{ what: 'cloud_balance_snapshots', remove: THIN_OUT, values: [retention.balanceHourlyDays] }];
}
