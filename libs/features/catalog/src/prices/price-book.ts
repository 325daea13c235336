import { Database } from '#libs/database';
import { cached } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import {
  billedPrice,
  type Billed,
  type Charge,
  type ListPrice,
  type PriceSource,
  type RateOf,
  type UnitRate,
  type Unpriced,
} from './list-price';

/** Whose prices. `list`: what everybody may see, of the catalog and the configured list. `buy`: also what invoices taught; admins only. */
export type PriceBasis = 'list' | 'buy';

/** Other processes see a changed price after this time; the process that changed it sees it at once. */
const FRESH_MS = 1_000;
const LIMIT_MS = 5_000;

/** Distinct prices that are kept as text. */
const MOST_TEXTS = 10_000;

/** Set-based: all rates at a time, now when $2 is null. $1 with observed ones. */
const RATES_AT = `
select product, source, amount, hourly, minimum, as_of from arcadia_rates($1)
 where counts_from <= coalesce($2::timestamptz, clock_timestamp()) and counts_until > coalesce($2::timestamptz, clock_timestamp())`;

interface RateRow {
  readonly product: string;
  readonly source: PriceSource;
  readonly amount: string;
  readonly hourly: string | null;
  readonly minimum: string | null;
  readonly as_of: Date;
}

/** The prices of one moment, by what resources are billed as. */
export class Prices {
  private readonly texts = new Map<string, string>();

  constructor(readonly rateOf: RateOf) {}

  of(charge: Charge, billed: Billed | undefined): ListPrice | Unpriced {
    return billedPrice(charge, billed, this.rateOf);
  }

  /** The price as JSON. Most resources of a list have one of a few prices. */
  jsonOf(kind: string, charge: Charge, billed: Billed | undefined): string {
    const key = billed ? `${kind}|${billed.product}|${billed.units}|${billed.plan}` : kind;
    const known = this.texts.get(key);
    if (known !== undefined) return known;
    if (this.texts.size >= MOST_TEXTS) this.texts.clear();
    const text = JSON.stringify(this.of(charge, billed));
    this.texts.set(key, text);
    return text;
  }
}

/** Reads rates. A tenant's money comes from the basis `list` only. */
@Injectable()
export class PriceBook {
  private readonly reading = new Map<PriceBasis, () => Promise<Prices>>();

  constructor(private readonly database: Database) {}

  /** The prices now, or at a time (RFC 3339). */
  prices(basis: PriceBasis, at?: string): Promise<Prices> {
    if (at !== undefined) return this.load(basis, at);
    const read = this.reading.get(basis) ?? cached(() => this.load(basis), { freshMs: FRESH_MS, limitMs: LIMIT_MS });
    this.reading.set(basis, read);
    return read();
  }

  /** Call it after a change of rates was committed. */
  forget(): void {
    this.reading.clear();
  }

  private async load(basis: PriceBasis, at: string | null = null): Promise<Prices> {
    const rows = await this.database.query<RateRow>(RATES_AT, [basis === 'buy', at]);
    const rates = new Map<string, UnitRate>(rows.map(({ product, as_of, ...rate }) => [product, { ...rate, asOf: as_of.toISOString() }]));
    return new Prices((product) => rates.get(product));
  }
}
