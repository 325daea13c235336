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

/** Set-based: the rows of a relation with `monthly`, by which they are sorted; null without a price. The rule is that of `list-price.ts`. */
export function withMonthly(from: string, basis: PriceBasis, at?: string): string {
  const moment = at === undefined ? 'now()' : `${at}::timestamptz`;
  return `(select x.*, case when x.kind in (${FREE_KINDS.map((kind) => `'${kind}'`).join(', ')}) or p.units = 0 then 0
                            when p.units * t.amount is not null then greatest(round(p.units * t.amount, 10), t.minimum) end as monthly
             from ${from} x
             left join resource_prices p on p.resource_id = x.id and ${validAt(at)}
             left join arcadia_rates(${basis === 'buy'}) t on t.product = p.product and t.counts_from <= ${moment} and t.counts_until > ${moment}) priced`;
}
