import { Database } from '#libs/database';
import type { Scope } from '#libs/identity';
import { CompletenessReader, type ResourceFilters } from '#libs/inventory';
import { Money } from '#libs/kernel';
import { InvoiceReader } from '#libs/provider-billing';
import { Injectable } from '@nestjs/common';
import { accrualStatement } from './accrual.sql';
import { costBasis, costWindow, MOST_GROUPS, type AskedTime, type CostBasis, type CostGroupKey, type CostWindow } from './cost-window';
import { NotAccruableError, TooManyGroupsError } from './costs.errors';
import { invoicedStatement } from './invoiced.sql';
import { TenantPrice } from './tenant-price';

export interface CostQuestion extends AskedTime {
  readonly basis?: CostBasis;
  readonly groupBy: readonly CostGroupKey[];
  readonly filters: ResourceFilters;
}

/** One group: a value for each key that was asked for, null for what has none, and its exact amount. */
export type CostGroupView = Readonly<Partial<Record<Exclude<CostGroupKey, 'tax'>, string | null>>> & {
  readonly tax?: boolean;
  /** Beside `resource`: its present name and kind. */
  readonly resource_name?: string | null;
  readonly resource_kind?: string | null;
  readonly amount: string;
};

export interface CostView {
  readonly basis: CostBasis;
  readonly currency: 'USD';
  readonly period: string | null;
  readonly from: string;
  readonly to: string;
  /** The exact sum of the groups. */
  readonly amount: string;
  readonly groups: readonly CostGroupView[];
  /** Resources that no amount contains, by kind and reason. */
  readonly unpriced: readonly { readonly kind: string; readonly reason: string; readonly count: number }[];
  readonly estimate: boolean;
  readonly as_of: string | null;
  /** What existed and ended before this time of the first month is not recorded; null when all is. */
  readonly incomplete_before: string | null;
}

interface AnswerRow {
  readonly groups: CostGroupView[];
  readonly amount: string;
  readonly unpriced: CostView['unpriced'];
}

/** Set-based: reads the first rows of two tables, and the archived months. */
const RECORDED_SINCE = `
select clock_timestamp() as now,
       least((select e.at from cloud_resource_events e order by e.seq limit 1), (select min(s.started_at) from cloud_sweeps s where s.status = 'complete')) as since,
       (select max(m.before) from cloud_event_months m) as archived_before`;

/** Answers what things cost: by the provider's invoices, or accrued by the second from what existed. */
@Injectable()
export class CostService {
  constructor(
    private readonly database: Database,
    private readonly completeness: CompletenessReader,
    private readonly invoices: InvoiceReader,
    private readonly tenantPrice: TenantPrice,
  ) {}

  /**
   * The costs that the caller may see. A tenant gets its sell prices of rated months, and else what was accrued for its own resources while they
   * were its own, at list prices.
   * Throws `ValidationFailedError`, `NotAccruableError` and, unless `all` groups are asked for, `TooManyGroupsError`.
   */
  async read(scope: Scope, question: CostQuestion, { all = false }: { readonly all?: boolean } = {}): Promise<CostView> {
    const [recorded] = await this.database.query<{ now: Date; since: Date | null; archived_before: Date | null }>(RECORDED_SINCE);
    const mostGroups = all ? 1_000_000 : MOST_GROUPS;
    const window = costWindow(question, recorded?.now ?? new Date(0), mostGroups);
    const rating = scope.kind === 'tenant' ? await this.tenantPrice.rating(window) : undefined;
    const caller = scope.kind !== 'tenant' ? 'admin' : rating === null ? 'tenant' : 'rated_tenant';
    const basis = costBasis(window, question.groupBy, caller, question.basis);
    const incomplete = basis === 'accrued' ? incompleteBefore(window, recorded?.since ?? null, recorded?.archived_before ?? null) : null;
    const { as_of } = basis === 'accrued' ? await this.completeness.ofKind(undefined) : (rating ?? (await this.invoices.completeness()));
    const row = await this.answer(scope, question, window, basis);
    const groups = row?.groups ?? [];
    if (groups.length > mostGroups) throw new TooManyGroupsError(mostGroups);
    const named = question.groupBy.includes('resource') ? await this.withNames(groups) : groups;
    return {
      basis,
      currency: 'USD',
      period: window.period,
      from: window.since,
      to: window.until,
      amount: amountText(row?.amount ?? '0'),
      groups: question.groupBy.length === 0 ? [] : named.map((group) => ({ ...group, amount: amountText(group.amount) })),
      unpriced: row?.unpriced ?? [],
      estimate: basis === 'accrued' || scope.kind === 'tenant', // no month is issued to a tenant yet
      as_of,
      incomplete_before: incomplete,
    };
  }

  private async answer(scope: Scope, question: CostQuestion, window: CostWindow, basis: CostBasis): Promise<AnswerRow | undefined> {
    const invoicedTo = basis === 'invoiced' && scope.kind === 'tenant' ? scope.tenantId : undefined;
    if (invoicedTo !== undefined) return this.tenantPrice.invoiced(invoicedTo, window, question.groupBy, question.filters);
    const { text, values } = this.statement(scope, question, window, basis);
    const [row] = await this.database.query<AnswerRow>(text, values);
    return row;
  }

  private statement(scope: Scope, { groupBy, filters }: CostQuestion, window: CostWindow, basis: CostBasis) {
    if (basis === 'invoiced') return invoicedStatement(window, groupBy, filters);
    const { tenant_id, unattributed, ...rest } = filters;
    return accrualStatement({
      window,
      groupBy,
      basis: scope.kind === 'tenant' ? 'list' : 'buy',
      tenant: scope.kind === 'tenant' ? scope.tenantId : tenant_id,
      unattributed: scope.kind !== 'tenant' && unattributed === true,
      filters: rest,
    });
  }

  /** Set-based: the names of all groups at once. */
  private async withNames(groups: readonly CostGroupView[]): Promise<CostGroupView[]> {
    const ids = groups.flatMap(({ resource }) => resource ?? []);
    const rows = await this.database.query<{ id: string; name: string | null; kind: string }>(
      'select id, name, kind from cloud_resources where id = any ($1::uuid[])',
      [ids],
    );
    const known = new Map(rows.map((row) => [row.id, row]));
    return groups.map((group) => {
      const resource = known.get(group.resource ?? '');
      return { ...group, resource_name: resource?.name ?? null, resource_kind: resource?.kind ?? null };
    });
  }
}

/** Throws `NotAccruableError` for a window that begins before the month of the first record, or in archived months. */
function incompleteBefore({ since }: CostWindow, first: Date | null, archivedBefore: Date | null): string | null {
  if (!first) throw new NotAccruableError('the first complete sweep');
  const month = `${since.slice(0, 7)}-01T00:00:00.000Z`;
  const firstMonth = `${first.toISOString().slice(0, 7)}-01T00:00:00.000Z`;
  if (archivedBefore && new Date(month) < archivedBefore) throw new NotAccruableError(archivedBefore.toISOString());
  if (month < firstMonth) throw new NotAccruableError(firstMonth);
  return month === firstMonth ? first.toISOString() : null;
}

const amountText = (decimal: string): string => Money.parse(decimal).toAmountText();
