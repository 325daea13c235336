import { Injectable } from '@nestjs/common';
import { isPriced, PriceBook, SellPrices, withBackups, type BackupPlan, type PriceBasis } from '#libs/catalog';
import { chargeOf, CompletenessReader, InventoryReader } from '#libs/inventory';
import { CostService } from '#libs/costs';
import { cached, Money } from '#libs/kernel';
import { CostLineReader, InvoiceReader } from '#libs/provider-billing';
import { LIMIT_NAMES, TenantLimits, TenantUsage, type Limits, type PricedUsage, type TenantView } from '#libs/tenants';
import type { LastInvoicedResponse, TenantResponse, UsageResponse } from './tenants.dto';

/** Invoices change once a month, and their sum reads every line of one. */
const INVOICED_READS = { freshMs: 60_000, limitMs: 5_000 };

/** What a month has cost grows all the time, and its sum reads every resource. */
const MONTH_READS = { freshMs: 60_000, limitMs: 10_000 };

interface Invoiced {
  readonly period: string;
  readonly amounts: ReadonlyMap<string, string>;
}

/** What tenants have and what it costs. */
@Injectable()
export class TenantsService {
  private readonly lastInvoiced: () => Promise<Invoiced | undefined>;
  private readonly monthToDate: () => Promise<ReadonlyMap<string, string> | undefined>;

  constructor(
    private readonly usage: TenantUsage,
    private readonly limits: TenantLimits,
    private readonly prices: PriceBook,
    private readonly sells: SellPrices,
    private readonly inventory: InventoryReader,
    private readonly completeness: CompletenessReader,
    private readonly invoices: InvoiceReader,
    private readonly lines: CostLineReader,
    private readonly costs: CostService,
  ) {
    this.lastInvoiced = cached(() => this.readLastInvoiced(), INVOICED_READS);
    this.monthToDate = cached(() => costs.monthToDate(), MONTH_READS);
  }

  /** For admins: at buy prices, with what the last invoice attributed to each tenant. */
  async withUsage(tenants: readonly TenantView[]): Promise<TenantResponse[]> {
    const ids = tenants.map(({ id }) => id);
    const [usage, limits, invoiced] = await Promise.all([
      this.usageOf(ids, 'buy', () => this.monthToDate()),
      this.limits.ofAll(ids),
      ids.length > 0 ? this.lastInvoiced() : undefined,
    ]);
    return tenants.flatMap((tenant) => {
      const own = limits.get(tenant.id);
      const amount = invoiced?.amounts.get(tenant.id) ?? '0.00';
      const last_invoiced: LastInvoicedResponse | null = invoiced ? { period: invoiced.period, amount } : null;
      return own ? [{ ...tenant, usage: { ...usage(tenant.id), last_invoiced }, limits: own }] : [];
    });
  }

  /** For the tenant itself: at its sell prices, and never an amount of the provider's invoices. */
  async ownUsage(id: string): Promise<UsageResponse> {
    const soFar = async () => {
      const amount = await this.costs.soFar(id);
      return amount === undefined ? undefined : new Map([[id, amount]]);
    };
    const usage = (await this.usageOf([id], 'list', soFar))(id);
    const isSold = (await this.sells.ratesOf(id)) !== null;
    return { ...usage, ...(isSold && { monthly_run_rate: await this.inventory.monthlyOf(id) }), last_invoiced: null };
  }

  /** The limits without who changed them, which is for admins. */
  async ownLimits(id: string): Promise<Limits> {
    const limits = await this.limits.of(id);
    return Object.fromEntries(LIMIT_NAMES.map((name) => [name, limits[name]])) as unknown as Limits;
  }

  private async usageOf(
    ids: readonly string[],
    basis: PriceBasis,
    monthToDate: () => Promise<ReadonlyMap<string, string> | undefined>,
  ): Promise<(id: string) => Omit<UsageResponse, 'last_invoiced'>> {
    const [{ as_of }, usage, prices, month] = await Promise.all([
      this.completeness.ofKind(undefined),
      this.usage.of(ids),
      this.prices.prices(basis),
      monthToDate(),
    ]);
    const monthlyOf = ({ kind, product, units, plan, number }: PricedUsage['billed'][number]): Money[] => {
      const price = prices.of(chargeOf(kind), product === null ? undefined : { product, units, plan: plan as BackupPlan | null });
      return isPriced(price) ? [Money.parse(withBackups(price).monthly).multiply(String(number))] : [];
    };
    return (id) => {
      const { billed, ...counts } = usage.get(id) ?? this.usage.nothing;
      const monthly_run_rate = Money.sum(billed.flatMap(monthlyOf)).toAmountText();
      const month_to_date = month ? (month.get(id) ?? '0.00') : null;
      return { ...counts, monthly_run_rate, month_to_date, currency: 'USD', as_of };
    };
  }

  private async readLastInvoiced(): Promise<Invoiced | undefined> {
    const { data } = await this.invoices.list({ status: 'ingested' }, { limit: 1 });
    const period = data[0]?.period;
    if (period === undefined) return undefined;
    const { groups } = await this.lines.summary(`${period.slice(0, 7)}-01`, ['tenant']);
    const amounts = groups.flatMap(({ tenant, amount }) => (typeof tenant === 'string' ? [[tenant, amount] as const] : []));
    return { period: period.slice(0, 7), amounts: new Map(amounts) };
  }
}
