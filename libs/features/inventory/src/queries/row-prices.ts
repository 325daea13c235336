import { isPriced, PriceBook, withBackups, type ListPrice, type PriceBasis, type Prices, type Unpriced } from '#libs/catalog';
import type { Queryable } from '#libs/database';
import type { Scope } from '#libs/identity';
import { Money } from '#libs/kernel';
import { chargeOf, VOLATILE_ATTRS } from '../kinds';
import { billedIn, pricesFor, validAt, type BilledColumns } from './billed-columns';
import { filterSql, pastSql, type ResourceFilters } from './resource-filters';
import { stateOf } from './resource-search';

/** A tenant gets list prices only. */
export const basisOf = (scope: Scope): PriceBasis => (scope.kind === 'platform' ? 'buy' : 'list');

/** What a filter matches. `monthly` is the sum of the living resources that have a price, with their backups; `unpriced` counts the others. */
export interface ListTotals {
  readonly count: number;
  readonly monthly: string;
  readonly unpriced: number;
}

interface TotalsRow extends BilledColumns {
  readonly kind: string;
  readonly living: boolean;
  readonly count: number;
}

/** Set-based: reads each row that matches, so a list has totals only on request. The amounts are those of the rows, exactly. */
export async function totalsOf(
  on: Queryable,
  prices: Prices,
  basis: PriceBasis,
  filters: ResourceFilters,
  at?: string,
): Promise<ListTotals> {
  const { conditions, values } = filterSql(filters, 1);
  const [moment, attrs] = [`$${values.length + 1}`, `$${values.length + 2}`];
  const from = at === undefined ? 'cloud_resources' : pastSql(moment, attrs);
  const rows = await on.query<TotalsRow>(
    `select kind, ${stateOf(filters) === 'live' ? 'true' : 'deleted_at is null'} as living, product, units::text, plan, count(*)::int as count
       from ${from} x left join ${pricesFor(basis)} p on p.resource_id = x.id and p.${validAt(at && moment).replace(' and ', ' and p.')}
      where ${conditions.join(' and ')} group by 1, 2, 3, 4, 5`,
    at === undefined ? values : [...values, at, JSON.stringify(VOLATILE_ATTRS)],
  );
  const living = rows.filter((row) => row.living).map((row) => ({ ...row, price: prices.of(chargeOf(row.kind), billedIn(row)) }));
  const amounts = living.flatMap(({ price, count }) =>
    isPriced(price) ? [Money.parse(withBackups(price).monthly).multiply(String(count))] : [],
  );
  const countOf = (some: readonly TotalsRow[]) => some.reduce((sum, { count }) => sum + count, 0);
  return {
    count: countOf(rows),
    monthly: Money.sum(amounts).toAmountText(),
    unpriced: countOf(living.filter(({ price }) => !isPriced(price))),
  };
}

/** The prices of single resources, by id. */
export async function pricesOf(
  on: Queryable,
  book: PriceBook,
  basis: PriceBasis,
  resources: readonly { readonly id: string; readonly kind: string }[],
): Promise<Map<string, ListPrice | Unpriced>> {
  const prices = await book.prices(basis);
  const rows = await on.query<BilledColumns & { resource_id: string }>(
    `select resource_id, product, units::text, plan from resource_prices where resource_id = any ($1::uuid[]) and ${validAt()}`,
    [resources.map(({ id }) => id)],
  );
  const billed = new Map(rows.map((row) => [row.resource_id, billedIn(row)]));
  return new Map(resources.map(({ id, kind }) => [id, prices.of(chargeOf(kind), billed.get(id))]));
}
