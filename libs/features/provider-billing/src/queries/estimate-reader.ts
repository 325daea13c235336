import { Database } from '#libs/database';
import { Injectable } from '@nestjs/common';
import { BalanceSnapshots } from '../balance/balance-snapshots';

/** The estimated costs of the current month, which are never part of a sum of invoices. [BIL-9] */
export interface EstimateView {
  readonly estimate: true;
  /** The current month, `2026-11`. */
  readonly period: string;
  readonly currency: 'USD';
  readonly month_to_date_usage: string;
  readonly month_to_date_balance: string;
  readonly account_balance: string;
  readonly generated_at: string;
  /** The next invoice, which the provider computes daily; null while it has none. */
  readonly preview: { readonly period: string | null; readonly amount: string; readonly updated_at: string | null } | null;
}

interface PreviewRow {
  readonly period: string | null;
  readonly amount: string;
  readonly updated_at: Date | null;
}

@Injectable()
export class EstimateReader {
  constructor(
    private readonly database: Database,
    private readonly balances: BalanceSnapshots,
  ) {}

  /** Throws `BalanceNotReadError`. */
  async read(): Promise<EstimateView> {
    const { month_to_date_usage, month_to_date_balance, account_balance, generated_at } = await this.balances.latest();
    const [row] = await this.database.query<PreviewRow>(
      `select to_char(period, 'YYYY-MM') as period, amount::text, updated_at from cloud_invoice_previews where removed_at is null`,
    );
    return {
      estimate: true,
      period: generated_at.slice(0, 7),
      currency: 'USD',
      month_to_date_usage,
      month_to_date_balance,
      account_balance,
      generated_at,
      preview: row ? { ...row, updated_at: row.updated_at?.toISOString() ?? null } : null,
    };
  }
}
