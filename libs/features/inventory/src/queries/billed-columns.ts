import type { Billed, PriceBasis } from '#libs/catalog';
import { FREE_KINDS } from '../kinds';

/** The columns of a list that the price of a row is computed from, in PostgreSQL's text format. */
export interface BilledColumns {
  readonly product: string | null;
  readonly units: string | null;
  readonly plan: string | null;
}

/** A row of a list with these columns. `monthly` is set where the list is sorted by it. */
export type WithBilled<Row> = Row & BilledColumns & { readonly monthly: string | null };

/** What the row was billed as; undefined for a kind that is not billed. */
export function billedIn({ product, units, plan }: BilledColumns): Billed | undefined {
  return product === null ? undefined : { product, units, plan: plan as Billed['plan'] };
}

/** The rows of `resource_prices` that are valid now, or at the time in the place. */
export const validAt = (place?: string): string =>
  place === undefined ? `valid_to = 'infinity'` : `valid_from <= ${place}::timestamptz and valid_to > ${place}::timestamptz`;

/**
 * Measured. A page with what its rows are billed as. Each row is looked up separately: `offset 0` stops a plan that was made for a small
 * table from reading the whole one.
 */
export function withBilled(page: string, orderBy: string, at?: string): string {
  return `select r.*, p.product, p.units, p.plan from (${page}) r
    left join lateral (select product, units, plan from resource_prices where resource_id = r.id and ${validAt(at)} offset 0) p on true
   order by ${orderBy}`;
}

/**
 * What resources are billed as, for statements that read it for many of them. The policy of tenants on the table reads the resource of each row,
 * which makes the planner expect that joins are dear; admins read a view without it.
 */
export const pricesFor = (basis: PriceBasis): string => (basis === 'buy' ? 'platform_resource_prices' : 'resource_prices');

/**
 * Set-based: the rows of a relation with `monthly`, by which they are sorted, with the backups that it carries; null without a price. The rule
 * is that of `list-price.ts`.
 */
export function withMonthly(from: string, basis: PriceBasis, at?: string): string {
  const moment = at === undefined ? 'now()' : `${at}::timestamptz`;
  const rates = `(select product, amount, minimum from arcadia_rates(${basis === 'buy'}) where counts_from <= ${moment} and counts_until > ${moment} offset 0)`;
  return `(select x.*, case when x.kind in (${FREE_KINDS.map((kind) => `'${kind}'`).join(', ')}) or p.units = 0 then 0
                            when p.units * t.amount is not null then round(greatest(p.units * t.amount, t.minimum) * (1 + coalesce(b.amount, 0) / 100), 10) end as monthly
             from ${from} x
             left join (${pricesFor(basis)} p left join ${rates} t on t.product = p.product
                          left join ${rates} b on b.product = 'backups:' || case p.plan when 'unknown' then 'weekly' else p.plan end)
               on p.resource_id = x.id and ${validAt(at)}) priced`;
}

/** The resources with `monthly` at sell prices, as SQL that begins its parameters at a place, and the values of these. */
export interface SoldRelation {
  readonly from: (firstPlace: number) => string;
  readonly values: readonly unknown[];
}
