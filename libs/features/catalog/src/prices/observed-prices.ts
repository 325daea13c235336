import type { Queryable } from '#libs/database';
import { Injectable } from '@nestjs/common';
import type { PriceUnit } from '../entities/list-price-row.entity';

/** What an invoice charged for some units of a product for a whole month: machines, GiB, nodes or addresses. Decimal texts. */
export interface BilledMonth {
  readonly product: string;
  readonly units: string;
  readonly amount: string;
  /** The unit of the price of the product. */
  readonly unit: PriceUnit;
}

const PLACES = 10;
const SCALE = 10n ** BigInt(PLACES);
const HALF_CENT = SCALE / 200n;
/** An amount up to this one can be the least that the provider charges, which proves nothing about the unit. */
const LEAST = SCALE / 100n;

/**
 * The price of one unit that explains all these amounts, each rounded to a cent: of the possible ones that with the fewest decimal places.
 * Undefined when no price explains them all, as after a discount, and for amounts that say nothing. Pure.
 */
export function unitPrice(months: readonly Pick<BilledMonth, 'units' | 'amount'>[]): string | undefined {
  const known = months.map(({ amount, units }) => ({ amount: scaled(amount), units: scaled(units) }));
  const usable = known.filter(({ amount, units }) => amount > LEAST && units > 0n);
  if (usable.length === 0) return undefined;
  for (let places = 0; places <= PLACES; places += 1) {
    const factor = 10n ** BigInt(places);
    const least = usable.map(({ amount, units }) => ((amount - HALF_CENT) * factor + units - 1n) / units);
    const most = usable.map(({ amount, units }) => ((amount + HALF_CENT) * factor) / units);
    const [from, to] = [least.reduce((a, b) => (a > b ? a : b)), most.reduce((a, b) => (a < b ? a : b))];
    if (from <= to) return decimal((from + to) / 2n, places);
  }
  return undefined;
}

/** Learns prices from what invoices charged. They are for admins only: tenants get list prices. [TNT-6] */
@Injectable()
export class ObservedPrices {
  /**
   * Writes the unit price of each product in the transaction of the caller, valid from the begin of the month. What is known for that month
   * stays, and so does a price that has not changed. `origin` names the invoice for people.
   */
  async learn(tx: Queryable, month: string, origin: string, billed: readonly BilledMonth[]): Promise<void> {
    const products = new Map(billed.map(({ product, unit }) => [product, unit]));
    const learned = [...products].flatMap(([product, unit]) => {
      const amount = unitPrice(billed.filter((one) => one.product === product));
      return amount === undefined ? [] : [{ product, amount, unit }];
    });
    if (learned.length > 0) await tx.query(INSERT_OBSERVED, [JSON.stringify(learned), month, origin]);
  }
}

/** Set-based: all products of an invoice. The least amount of a product is that of its configured price. $1 JSON rows, $2 month, $3 origin. */
const INSERT_OBSERVED = `
insert into list_prices (product, source, valid_from, amount, unit, minimum, origin)
select g.product, 'observed', $2::timestamptz, g.amount, g.unit,
       (select c.minimum from list_prices c where c.product = g.product and c.source = 'configured' order by c.valid_from desc limit 1), $3
  from json_to_recordset($1::json) as g(product text, amount numeric, unit text)
  left join lateral (select p.amount from list_prices p where p.product = g.product and p.source = 'observed' and p.valid_from <= $2::timestamptz
                      order by p.valid_from desc limit 1) last on true
 where last.amount is distinct from g.amount
on conflict (product, source, valid_from) do nothing`;

/** A decimal text of at most ten places, as a whole number of the tenth place. */
function scaled(text: string): bigint {
  const [whole = '0', fraction = ''] = text.split('.');
  return BigInt(whole + fraction.slice(0, PLACES).padEnd(PLACES, '0'));
}

function decimal(value: bigint, places: number): string {
  const digits = String(value).padStart(places + 1, '0');
  return places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`;
}
