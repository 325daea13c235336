import { CONFIG, type Config } from '#libs/config';
import { Database } from '#libs/database';
import type { Scope } from '#libs/identity';
import { CompletenessReader, type ResourceFilters } from '#libs/inventory';
import { cached, Money } from '#libs/kernel';
import { InvoiceReader } from '#libs/provider-billing';
import { Inject, Injectable } from '@nestjs/common';
import { CostRollup } from './cost-rollup';
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

/** A question that was understood. */
interface Asked {
  readonly window: CostWindow;
  readonly basis: CostBasis;
  readonly incomplete: string | null;
  /** Of a tenant: since when its months are rated, null when one of them is not. */
  readonly rating: { readonly as_of: string } | null | undefined;
}

/** The time of the database, and since when it is known what existed. */
interface Recorded {
  readonly now: Date;
  readonly since: Date | null;
  readonly archived_before: Date | null;
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

/** Questions that are remembered, and the longest wait for a result that another caller has begun. */
const MOST_QUESTIONS = 500;
const LIMIT_MS = 30_000;

/** An answer of up to this many times its fresh age is given again while the next one is computed: who asks again and again never waits. */
const STALE_TIMES = 6;

/** Answers what things cost: by the provider's invoices, or accrued by the second from what existed. */
@Injectable()
export class CostService {
  /** Results for the time until now, by the question. */
  private readonly results = new Map<string, () => Promise<CostView>>();

  constructor(
    private readonly database: Database,
    private readonly completeness: CompletenessReader,
    private readonly invoices: InvoiceReader,
    private readonly tenantPrice: TenantPrice,
    private readonly rollup: CostRollup,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /**
   * The costs that the caller may see. A tenant gets its sell prices: of rated months as they were rated, and else of what accrued for its resources
   * while they were its own.
   * Equal questions about the time until now share an answer for some seconds, and get it once more while the next is computed; `to` is its time: screens ask again all the time, and costs
   * are as old as the last sweep anyway. Throws `ValidationFailedError`, `NotAccruableError` and, unless `all` groups are asked for,
   * `TooManyGroupsError`.
   */
  async read(scope: Scope, question: CostQuestion, { all = false }: { readonly all?: boolean } = {}): Promise<CostView> {
    const asked = await this.understand(scope, question, all);
    const { freshMs } = this.config.costs;
    if (all || asked.window.until !== asked.window.now || freshMs === 0) return this.compute(scope, question, asked);
    const key = JSON.stringify([scope, question, asked.window.since]);
    if (this.results.size >= MOST_QUESTIONS) this.results.clear();
    const compute = async () => this.compute(scope, question, await this.understand(scope, question, false));
    const answer = this.results.get(key) ?? cached(compute, { freshMs, staleMs: freshMs * STALE_TIMES, limitMs: LIMIT_MS });
    this.results.set(key, answer);
    return answer();
  }

  private async understand(scope: Scope, question: CostQuestion, all: boolean): Promise<Asked> {
    const recorded = await this.recorded();
    const window = costWindow(question, recorded?.now ?? new Date(0), all ? 1_000_000 : MOST_GROUPS);
    const rating = scope.kind === 'tenant' ? await this.tenantPrice.rating(window) : undefined;
    const caller = scope.kind !== 'tenant' ? 'admin' : rating === null ? 'tenant' : 'rated_tenant';
    const basis = costBasis(window, question.groupBy, caller, question.basis);
    const incomplete = basis === 'accrued' ? incompleteBefore(window, recorded, caller !== 'tenant') : null;
    return { window, basis, incomplete, rating };
  }

  private async compute(scope: Scope, question: CostQuestion, { window, basis, incomplete, rating }: Asked): Promise<CostView> {
    const { as_of } = basis === 'accrued' ? await this.completeness.ofKind(undefined) : (rating ?? (await this.invoices.completeness()));
    const row =
      scope.kind === 'tenant'
        ? await this.tenantPrice[basis](scope.tenantId, window, question.groupBy, question.filters)
        : await this.sums(question, window, basis);
    const groups = row?.groups ?? [];
    if (groups.length > window.mostGroups) throw new TooManyGroupsError(window.mostGroups);
    const named = question.groupBy.includes('resource') ? await this.withNames(scope, groups) : groups;
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

  /** What a tenant has to pay for the running month so far, at its sell prices. Undefined while nothing can be accrued. */
  async soFar(tenantId: string): Promise<string | undefined> {
    if (!(await this.recorded())?.since) return undefined;
    return (await this.read({ kind: 'tenant', tenantId }, { groupBy: [], filters: {} })).amount;
  }

  /**
   * What each tenant has cost in the running month, at buy prices, by id; a tenant without costs has no entry. Undefined while nothing can be accrued.
   * Set-based: all tenants at once.
   */
  async monthToDate(): Promise<ReadonlyMap<string, string> | undefined> {
    const recorded = await this.recorded();
    if (!recorded?.since) return undefined;
    const window = costWindow({}, recorded.now, Number.MAX_SAFE_INTEGER - 1);
    const request = { window, groupBy: ['tenant'], basis: 'buy', tenant: undefined, unattributed: false, filters: {} } as const;
    const row = await this.rollup.sums<AnswerRow>(request);
    return new Map(
      (row?.groups ?? []).flatMap(({ tenant, amount }) => (typeof tenant === 'string' ? [[tenant, amountText(amount)] as const] : [])),
    );
  }

  private async recorded(): Promise<Recorded | undefined> {
    return (await this.database.query<Recorded>(RECORDED_SINCE))[0];
  }

  private async sums({ groupBy, filters }: CostQuestion, window: CostWindow, basis: CostBasis): Promise<AnswerRow | undefined> {
    if (basis === 'invoiced') {
      const { text, values } = invoicedStatement(window, groupBy, filters);
      return (await this.database.query<AnswerRow>(text, values))[0];
    }
    const { tenant_id: tenant, unattributed = false, ...rest } = filters;
    return this.rollup.sums({ window, groupBy, basis: 'buy', tenant, unattributed, filters: rest });
  }

  /** Set-based: the names of all groups at once. A tenant gets no name of what another one owns by now. [TEN-3] */
  private async withNames(scope: Scope, groups: readonly CostGroupView[]): Promise<CostGroupView[]> {
    const ids = groups.flatMap(({ resource }) => resource ?? []);
    const rows = await this.database.query<{ id: string; name: string | null; kind: string }>(
      'select id, kind, case when $2::text is null or tenant_id = $2 then name end as name from cloud_resources where id = any ($1::uuid[])',
      [ids, scope.kind === 'tenant' ? scope.tenantId : null],
    );
    const known = new Map(rows.map((row) => [row.id, row]));
    return groups.map((group) => {
      const resource = known.get(group.resource ?? '');
      return { ...group, resource_name: resource?.name ?? null, resource_kind: resource?.kind ?? null };
    });
  }
}

/**
 * Throws `NotAccruableError` for a window that begins before the month of the first record, or in archived months. `isInvoiced`: the caller
 * may ask for invoiced costs instead.
 */
function incompleteBefore({ since }: CostWindow, recorded: Recorded | undefined, isInvoiced: boolean): string | null {
  const { since: first = null, archived_before: archivedBefore = null } = recorded ?? {};
  if (!first) throw new NotAccruableError('the first complete sweep', isInvoiced);
  const month = `${since.slice(0, 7)}-01T00:00:00.000Z`;
  const firstMonth = `${first.toISOString().slice(0, 7)}-01T00:00:00.000Z`;
  if (archivedBefore && new Date(month) < archivedBefore) throw new NotAccruableError(archivedBefore.toISOString(), isInvoiced);
  if (month < firstMonth) throw new NotAccruableError(firstMonth, isInvoiced);
  return month === firstMonth ? first.toISOString() : null;
}

const amountText = (decimal: string): string => Money.parse(decimal).toAmountText();
