import { moneyText, record } from '#libs/digitalocean';
import { timeText } from '../provider/invoice-answers';

/** What `GET /v2/customers/my/balance` answers: a bare object, amounts as decimal text. */
export interface Balance {
  readonly monthToDateBalance: string;
  readonly accountBalance: string;
  readonly monthToDateUsage: string;
  readonly generatedAt: string;
}

export function parseBalance(raw: unknown): Balance {
  const balance = record(raw, 'balance');
  return {
    monthToDateBalance: moneyText(balance, 'month_to_date_balance'),
    accountBalance: moneyText(balance, 'account_balance'),
    monthToDateUsage: moneyText(balance, 'month_to_date_usage'),
    generatedAt: timeText(balance, 'generated_at'),
  };
}
