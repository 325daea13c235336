/** A snapshot of the balance as the API shows it: decimal text, positive is owed, negative is credit. */
export interface BalanceView {
  readonly month_to_date_balance: string;
  readonly account_balance: string;
  readonly month_to_date_usage: string;
  readonly currency: 'USD';
  /** By the provider's clock. */
  readonly generated_at: string;
  readonly taken_at: string;
}

export interface BalanceRow extends Omit<BalanceView, 'currency' | 'generated_at' | 'taken_at'> {
  readonly generated_at: Date;
  readonly taken_at: Date;
}

export const BALANCE_COLUMNS = `month_to_date_balance::text, account_balance::text, month_to_date_usage::text, generated_at, taken_at`;

/** The provider bills in US dollars only (docs/digitalocean-facts.md 9.6). */
export function balanceView({ generated_at, taken_at, ...amounts }: BalanceRow): BalanceView {
  return { ...amounts, currency: 'USD', generated_at: generated_at.toISOString(), taken_at: taken_at.toISOString() };
}
