import { Database } from '#libs/database';
import { cached } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import {
  billedPrice,
  isPriced,
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

/** What a tenant pays for, in the words of the provider's invoices: what the rates of a card select by. */
export interface SoldThing {
  readonly kind: string;
  readonly product: string;
  /** The size of a droplet, or another named size. */
  readonly sku: string | null;
  readonly region: string | null;
  readonly projectId: string | null;
  readonly tags: readonly string[];
  /** Null for what is not there yet. */
  readonly resourceId: string | null;
}

/** The sell prices of one tenant at this moment. */
export interface TenantRates {
  /** The tags by which a rate selects. */
  readonly tags: readonly string[];
  /** The resources with a rate of their own. */
  readonly resources: readonly string[];
  /** What the tenant pays for a thing with this list price, its backups included. Unpriced where no rate applies. */
  sell(price: ListPrice, thing: SoldThing): ListPrice | Unpriced;
}

/** A port: who knows the sell prices of tenants. */
export interface SellPriceSource {
  /** Null for a tenant that pays list prices. */
  ratesOf(tenantId: string): Promise<TenantRates | null>;
}

/**
 * The prices at which tenants get what they have and order: the only way from a list price to a price that a tenant reads. Tenant billing sets the
 * source; without it tenants pay list prices. [TNT-6]
 */
@Injectable()
export class SellPrices {
  private source: SellPriceSource | undefined;

  use(source: SellPriceSource): void {
    this.source = source;
  }

  /** Null for list prices: of a tenant without a card of its own, and for an admin, who has no tenant. */
  async ratesOf(tenantId: string | null): Promise<TenantRates | null> {
    return tenantId === null || !this.source ? null : this.source.ratesOf(tenantId);
  }
}

/** The price for a caller with these rates. `thing` is asked only where it decides. */
export const soldAt = (rates: TenantRates | null, price: ListPrice | Unpriced, thing: () => SoldThing): ListPrice | Unpriced =>
  rates && isPriced(price) ? rates.sell(price, thing()) : price;

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
