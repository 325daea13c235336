import { isPriced, PriceBook, SellPrices, withBackups } from '#libs/catalog';
import { CONFIG, type Config } from '#libs/config';
import { Database, type Queryable } from '#libs/database';
import type { Scope } from '#libs/identity';
import { Money, type ListAnswer } from '#libs/kernel';
import { Inject, Injectable } from '@nestjs/common';
import { chargeOf, KINDS, PROJECT_SWEEP } from '../kinds';
import { PLACEHOLDER_KINDS, placeholderKind } from '../kinds/placeholder.kind';
import { billedIn, validAt, type BilledColumns } from './billed-columns';
import { CompletenessReader, NOT_AVAILABLE } from './completeness-reader';
import { minSweepIntervalMs } from '../sync/sweep';
import { RECHECK_MS } from '../sync/sweep-ledger';
import { basisOf, pricedAlike, type PricedAlike } from './row-prices';

/** A resource kind, with what is known of its resources in the caller's scope. */
export interface KindView {
  readonly kind: string;
  /** For people, in the singular. */
  readonly label: string;
  /** False for a kind that is known only from the member lists of projects. */
  readonly has_list: boolean;
  /** A day for a list that the account does not use; longer for one of so many calls that they would exceed its share of the token. [KND-3] */
  readonly cadence_s: number;
  readonly last_complete_at: string | null;
  /** Living resources. */
  readonly count: number;
  /** What they cost a month together, with backups; null for a kind of which no resource has a price. */
  readonly monthly: string | null;
  readonly status: 'available' | 'not_available' | 'refused';
  /** Why the latest list was not complete, or not the whole truth. */
  readonly reason: string | null;
}

interface CountRow extends BilledColumns {
  readonly kind: string;
  readonly count: number;
}

/** Set-based: one scan of the table. $1 tenant or null. */
const COUNT_BILLED = `
select x.kind, p.product, p.units::text, p.plan, count(*)::int as count
  from cloud_resources x left join resource_prices p on p.resource_id = x.id and p.${validAt()}
 where x.deleted_at is null and ($1::text is null or x.tenant_id = $1) group by 1, 2, 3, 4`;

/** Lists the kinds that this release knows. */
@Injectable()
export class KindReader {
  constructor(
    private readonly database: Database,
    private readonly completeness: CompletenessReader,
    private readonly book: PriceBook,
    @Inject(CONFIG) private readonly config: Config,
    private readonly sells: SellPrices,
  ) {}

  async list(scope: Scope): Promise<ListAnswer<KindView>> {
    const { as_of, completeness, unused, callsOf } = await this.completeness.ofKind(undefined);
    const tenant = scope.kind === 'tenant' ? scope.tenantId : null;
    const of = { prices: await this.book.prices(basisOf(scope)), basis: basisOf(scope), rates: await this.sells.ratesOf(tenant) };
    const count = async (on: Queryable): Promise<PricedAlike[]> => {
      if (of.rates && tenant !== null) return pricedAlike(on, of, { tenant_id: tenant });
      const rows = await on.query<CountRow>(COUNT_BILLED, [tenant]);
      return rows.map((row) => ({ ...row, living: true, price: of.prices.of(chargeOf(row.kind), billedIn(row)) }));
    };
    const rows = await (tenant === null ? count(this.database) : this.database.asTenant(tenant, count));
    const placeholders = PLACEHOLDER_KINDS.map((name) => ({ ...placeholderKind(name), kind: name }));
    const data = [...KINDS, ...placeholders].map(({ kind, label, lists, under, sync }): KindView => {
      const hasList = lists.length > 0 || under !== undefined;
      const { as_of: completeAt = null, reason = null } = completeness[hasList ? kind : PROJECT_SWEEP.kind] ?? {};
      const own = rows.filter((row) => row.kind === kind);
      const amounts = own.flatMap(({ price, count }) =>
        isPriced(price) ? [Money.parse(withBackups(price).monthly).multiply(String(count))] : [],
      );
      return {
        kind,
        label,
        has_list: hasList,
        cadence_s: Math.round(
          Math.max(
            unused.has(kind) ? RECHECK_MS : sync.everyMs,
            minSweepIntervalMs(callsOf(kind), this.config.provider, under?.tokenShare),
          ) / 1_000,
        ),
        last_complete_at: completeAt,
        count: own.reduce((sum, row) => sum + row.count, 0),
        monthly: amounts.length === 0 ? null : Money.sum(amounts).toAmountText(),
        status: reason?.startsWith(NOT_AVAILABLE) ? 'not_available' : REFUSALS.has(reason ?? '') ? 'refused' : 'available',
        reason,
      };
    });
    return { data, page: { next_cursor: null }, as_of, completeness };
  }
}

/** The reasons of refused sweeps. */
const REFUSALS: ReadonlySet<string> = new Set([
  'forbidden_by_provider',
  'not_found_at_provider',
  'refused_by_provider',
  'token_rejected',
  'other_account',
]);
