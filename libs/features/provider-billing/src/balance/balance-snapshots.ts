import { AccountBinding } from '#libs/accounts';
import type { Config } from '#libs/config';
import type { RetentionRule } from '#libs/database';
import { DigitalOcean, MalformedAnswerError } from '#libs/digitalocean';
import { errorFields } from '#libs/kernel';
import { Injectable, Logger } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, Raw, type Repository } from 'typeorm';
import { BalanceSnapshot } from '../entities/balance-snapshot.entity';
import { InvoicePreview } from '../entities/invoice-preview.entity';
import { BalanceNotReadError } from '../provider-billing.errors';
import { parseBalance, type ListedPreview } from '../provider/invoice-responses';
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

/** The estimated costs of the current month, which are never part of a sum of invoices. [BIL-9] */
export interface EstimateView extends Omit<BalanceView, 'taken_at'> {
  readonly estimate: true;
  /** The current month, `2026-11`. */
  readonly period: string;
  /** The next invoice, which the provider computes daily; null while it has none. */
  readonly preview: { readonly period: string | null; readonly amount: string; readonly updated_at: string | null } | null;
}

/**
 * Reads the account's balance and the preview of the next invoice. The only writer of `cloud_balance_snapshots`, `cloud_invoice_previews`.
 */
@Injectable()
export class BalanceSnapshots {
  private readonly log = new Logger('Billing');

  constructor(
    private readonly provider: DigitalOcean,
    private readonly binding: AccountBinding,
    private readonly invoices: ProviderInvoices,
    @InjectRepository(BalanceSnapshot) private readonly snapshots: Repository<BalanceSnapshot>,
    @InjectRepository(InvoicePreview) private readonly previews: Repository<InvoicePreview>,
  ) {}

  /** Makes two calls. Throws the client's errors, and `OtherAccountError` before anything of another account is written. [INV-6] */
  async takeSnapshot(): Promise<void> {
    const { accountId, fingerprint } = await this.binding.check(purpose);
    const { generatedAt, ...amounts } = await this.provider.get({
      purpose,
      fingerprint,
      path: '/v2/customers/my/balance',
      parse: parseBalance,
    });
    await this.snapshots.insert({ accountId, ...amounts, generatedAt: generatedAt ?? (() => 'clock_timestamp()') });
    await this.refreshPreview(accountId, fingerprint);
  }

  /** Throws `BalanceNotReadError`. */
  async latest(): Promise<BalanceView> {
    const [snapshot] = await this.snapshots.find({ order: { takenAt: 'DESC' }, take: 1 });
    if (!snapshot) throw new BalanceNotReadError();
    return balanceView(snapshot);
  }

  /** Throws `BalanceNotReadError`. */
  async estimate(): Promise<EstimateView> {
    const { month_to_date_usage, month_to_date_balance, account_balance, currency, generated_at } = await this.latest();
    const preview = await this.previews.findOneBy({ removedAt: IsNull() });
    return {
      estimate: true,
      period: generated_at.slice(0, 7),
      currency,
      month_to_date_usage,
      month_to_date_balance,
      account_balance,
      generated_at,
      preview: preview && previewView(preview),
    };
  }

  /** True when the last snapshot is older than `ms`, or none exists. */
  async isOlderThan(ms: number): Promise<boolean> {
    const isYounger = Raw((takenAt) => `${takenAt} > clock_timestamp() - :ms * interval '1 millisecond'`, { ms });
    return !(await this.snapshots.existsBy({ takenAt: isYounger }));
  }

  /** The balance counts; of a preview that cannot be read, the previous one stays until the next reading. */
  private async refreshPreview(accountId: string, fingerprint: string): Promise<void> {
    try {
      await this.savePreview(accountId, await this.invoices.preview(fingerprint));
    } catch (error) {
      if (!(error instanceof MalformedAnswerError)) throw error;
      this.log.warn({ event: 'invoice_preview_unreadable', ...errorFields(error) });
    }
  }

  private async savePreview(accountId: string, preview: ListedPreview | null): Promise<void> {
    if (!preview) {
      await this.previews.update({ accountId }, { removedAt: () => 'clock_timestamp()' });
      return;
    }
    await this.previews.upsert({ accountId, ...preview, removedAt: null }, ['accountId']);
  }
}

function balanceView({ monthToDateBalance, accountBalance, monthToDateUsage, generatedAt, takenAt }: BalanceSnapshot): BalanceView {
  return {
    month_to_date_balance: monthToDateBalance.toAmountText(),
    account_balance: accountBalance.toAmountText(),
    month_to_date_usage: monthToDateUsage.toAmountText(),
    currency: 'USD',
    generated_at: generatedAt.toISOString(),
    taken_at: takenAt.toISOString(),
  };
}

function previewView({ period, amount, updatedAt }: InvoicePreview): NonNullable<EstimateView['preview']> {
  return { period: period?.slice(0, 7) ?? null, amount: amount.toAmountText(), updated_at: updatedAt?.toISOString() ?? null };
}

/**
 * Keeps all snapshots of the last $2 days, and of each earlier UTC day the last one of an account. With `offset 0` the subquery runs once
 * per row and uses the index. Set-based.
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
