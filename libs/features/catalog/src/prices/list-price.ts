import { Money } from '#libs/kernel';
import type { PriceSource } from '../entities/list-price-row.entity';

export type { PriceSource };

/** Where a price comes from. `rate_card`: what the tenant pays by its rate card. */
export type PriceOrigin = PriceSource | 'rate_card';

/** A droplet is backed up once a week or once a day. */
export type BackupPlan = 'weekly' | 'daily';

/** The price of one unit of a product: of a machine, a GiB, a node or an address for a month, or a share in percent for backups. */
export interface UnitRate {
  /** Decimal text. */
  readonly amount: string;
  /** Of one unit for an hour, where the provider states it. Otherwise the monthly amount over the hours after which it is reached. */
  readonly hourly?: string | null;
  /** The smallest monthly amount of one resource. */
  readonly minimum?: string | null;
  readonly source: PriceSource;
  /** When the amount was read, learned or configured, RFC 3339. */
  readonly asOf: string;
}

/** Finds the rate of a product by the name that `droplet:<size>`, `volume` and the other products have in `list_prices`. */
export type RateOf = (product: string) => UnitRate | undefined;

/** The fields of a resource that decide its price. */
export interface PriceSubject {
  readonly kind: string;
  /** Of a droplet, or the named size of an old load balancer. */
  readonly sizeSlug?: string | null;
  /** Size of a volume or snapshot in GiB, as decimal text or a number of the provider. */
  readonly gib?: string | number | null;
  /** Nodes of a load balancer. */
  readonly nodes?: number | null;
  /** Whether a reserved IP is assigned to a droplet. */
  readonly assigned?: boolean;
  readonly backups?: BackupPlan | null;
}

/** Amounts are decimal text with at most 10 places, at least two, in `currency`. */
export interface ListPrice {
  readonly hourly: string;
  /** The cap of a month, without `backups`. */
  readonly monthly: string;
  readonly currency: string;
  readonly source: PriceOrigin;
  readonly as_of: string;
  readonly note: string | null;
  /** What the backups of a droplet cost beside it. */
  readonly backups: { readonly plan: BackupPlan; readonly hourly: string; readonly monthly: string } | null;
}

/** Why a resource has no price. `kind_without_details`: only its id is known. `not_priced_yet`: a task prices it within minutes. */
export type UnpricedReason = (typeof UNPRICED_REASONS)[number];
export const UNPRICED_REASONS = ['kind_without_details', 'unknown_size', 'no_rate', 'not_priced_yet'] as const;

export interface Unpriced {
  readonly unpriced: UnpricedReason;
}

export const isPriced = (price: ListPrice | Unpriced): price is ListPrice => !('unpriced' in price);

/** The hours after which a month costs the monthly price (docs/digitalocean-facts.md 9.12). */
export const CAP_HOURS = 672;

/** An amount of the API has at most this many decimal places. */
const PLACES = 10;

/** The provider writes hourly prices with this many decimal places. */
const HOURLY_PLACES = 5;

/** Nodes of the named sizes that load balancers had before they were counted in nodes (docs/digitalocean-facts.md 8.2). */
const NODES_OF_SIZE: Readonly<Record<string, number>> = { 'lb-small': 1, 'lb-medium': 3, 'lb-large': 6 };

/** Why nothing is charged for zero units of a product that can be ordered. */
const FREE_UNITS: Readonly<Record<string, string>> = { floating_ip: 'free while assigned to a droplet' };

/** What a resource is billed as. `units` is null when its size is unknown; `plan` is `unknown` until the backup policies have been read. */
export interface Billed {
  readonly product: string;
  readonly units: string | null;
  readonly plan: BackupPlan | 'unknown' | null;
}

/** The product and units of a resource of a kind that can be ordered; undefined for any other kind. Pure. */
export function billedAs(subject: Omit<PriceSubject, 'backups'> & { readonly backups?: Billed['plan'] }): Billed | undefined {
  const { kind, sizeSlug, gib, nodes, assigned, backups = null } = subject;
  switch (kind) {
    case 'droplet':
      return { product: `droplet:${sizeSlug ?? ''}`, units: '1', plan: backups };
    case 'volume':
    case 'snapshot':
      return { product: kind, units: unitsOf(gib), plan: null };
    case 'load_balancer':
      return { product: kind, units: unitsOf(nodes ?? NODES_OF_SIZE[sizeSlug ?? '']), plan: null };
    case 'floating_ip':
      return { product: kind, units: assigned === true ? '0' : '1', plan: null };
    default:
      return undefined;
  }
}

/** The price of a resource that can be ordered, or the reason why it has none. Pure. */
export function listPrice(subject: PriceSubject, rateOf: RateOf): ListPrice | Unpriced {
  const billed = billedAs(subject);
  return billedPrice({ isBilled: billed !== undefined, freeUnits: FREE_UNITS[subject.kind] }, billed, rateOf);
}

/** What is known about the charges for a kind, whatever its single resources are billed as. */
export interface Charge {
  /** Why nothing is charged for any resource of the kind. */
  readonly free?: string;
  /** Each resource of the kind is billed as some product. */
  readonly isBilled?: boolean;
  /** Why a resource with zero units costs nothing. */
  readonly freeUnits?: string;
}

/** The price of what a resource is billed as. */
export function billedPrice({ free, isBilled, freeUnits }: Charge, billed: Billed | undefined, rateOf: RateOf): ListPrice | Unpriced {
  if (free !== undefined) return freeOfCharge(free);
  if (!billed) return { unpriced: isBilled === true ? 'not_priced_yet' : 'kind_without_details' };
  const { product, units, plan } = billed;
  if (units === '0') return freeOfCharge(freeUnits ?? 'free of charge');
  const rate = rateOf(product);
  if (units === null || (!rate && product.startsWith('droplet:'))) return { unpriced: 'unknown_size' };
  if (!rate) return { unpriced: 'no_rate' };
  const price = priceOf(rate, Money.parse(rate.amount).multiply(units), units);
  return plan === null ? price : withPlan(price, plan === 'unknown' ? 'weekly' : plan, rateOf);
}

/** What a price comes to with the backups that it carries. */
export function withBackups({ hourly, monthly, backups }: ListPrice): { readonly hourly: string; readonly monthly: string } {
  if (!backups) return { hourly, monthly };
  const sum = (one: string, other: string) => Money.parse(one).add(Money.parse(other)).toAmountText();
  return { hourly: sum(hourly, backups.hourly), monthly: sum(monthly, backups.monthly) };
}

function withPlan(machine: ListPrice, plan: BackupPlan, rateOf: RateOf): ListPrice | Unpriced {
  const share = rateOf(`backups:${plan}`);
  if (!share) return { unpriced: 'no_rate' };
  const percent = (text: string) => amountText(Money.parse(text).multiply(share.amount).multiply('0.01'));
  return { ...machine, backups: { plan, hourly: percent(machine.hourly), monthly: percent(machine.monthly) } };
}

/** Plain decimal text, or null. The provider's numbers are small, so JavaScript writes them without an exponent. */
function unitsOf(value: string | number | null | undefined): string | null {
  const text = String(value ?? '');
  return /^\d{1,20}(\.\d{1,10})?$/.test(text) ? (text === '0' ? '0.0' : text) : null;
}

/** An hour never costs more than the month. */
function priceOf(rate: UnitRate, product: Money, units: string): ListPrice {
  const least = rate.minimum ? Money.parse(rate.minimum) : undefined;
  const monthly = least && product.compare(least) < 0 ? least : product;
  const hourly = rate.hourly ? Money.parse(rate.hourly).multiply(units) : hourOf(monthly);
  return {
    hourly: amountText(hourly.compare(monthly) > 0 ? monthly : hourly),
    monthly: amountText(monthly),
    currency: monthly.currency,
    source: rate.source,
    as_of: rate.asOf,
    note: null,
    backups: null,
  };
}

/** The monthly price over 672 hours, rounded as the provider writes hourly prices: half up. */
function hourOf(monthly: Money): Money {
  const scale = 10n ** BigInt(PLACES);
  const units = BigInt(monthly.round(PLACES, 'half_away').toText().replace('.', ''));
  const whole = BigInt(CAP_HOURS) * scale;
  const step = 10n ** BigInt(HOURLY_PLACES);
  const rounded = (2n * units * step + whole) / (2n * whole);
  return Money.parse(`0.${'0'.repeat(HOURLY_PLACES - 1)}1`).multiply(String(rounded));
}

/** A price list that is older than any question: nothing has to be looked up for what costs nothing. */
const ALWAYS = '2012-01-01T00:00:00.000Z';

function freeOfCharge(note: string): ListPrice {
  return { hourly: '0.00', monthly: '0.00', currency: 'USD', source: 'configured', as_of: ALWAYS, note, backups: null };
}

const amountText = (amount: Money) => amount.round(PLACES, 'half_away').toAmountText();
