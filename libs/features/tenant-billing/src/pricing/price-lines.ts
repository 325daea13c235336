import { Money } from '#libs/kernel';
import type { CostPlusModel, FixedPerSkuModel, RateModel, Tier } from './rate-model';

/** Decimal places of a sell price that is a quotient, such as a share of a month. */
export const SELL_PLACES = 10;

/** One line of a tenant's month, as a model prices it. */
export interface PricedLine {
  readonly resourceId: string | null;
  /** What the provider charges. Below zero for credits and corrections. */
  readonly buy: Money;
  /** Units that the provider counted, at least zero; hours where the line has a time. Its sign is that of `buy`. */
  readonly quantity: Money;
  /** Seconds of the line that belong to the tenant, and those of the month. */
  readonly seconds: number;
  readonly monthSeconds: number;
}

/** Hours after which the provider charges a whole month. */
const MONTH_CAP_S = 672 * 3_600;
const ZERO = Money.parse('0');

/**
 * The exact sell amounts of lines of one tenant, month and rate, in the order of the lines. Pure. Models with tiers, packages and allowances take
 * all lines together: lines above zero count first, in their order, and lines below zero then lower the quantity, never below zero.
 */
export function priceLines(model: RateModel, lines: readonly PricedLine[]): Money[] {
  switch (model.type) {
    case 'free':
      return lines.map(() => ZERO);
    case 'cost_plus':
      return costPlus(model, lines);
    case 'fixed_per_sku':
      return lines.map((line) => fixedPrice(model, line));
    case 'graduated':
      return byScope(model.scope, lines, (scope) => marginal(scope, (quantity) => graduatedPrice(model.tiers, quantity)));
    case 'volume':
      return byScope(model.scope, lines, (scope) => volumePrices(model.tiers, scope));
    case 'package': {
      const [size, price, free] = [Money.parse(model.size), Money.parse(model.price), Money.parse(model.free)];
      return marginal(lines, (quantity) => price.multiply(String(packagesOf(quantity.subtract(free), size))));
    }
    default: {
      const { amount, quantity } = model;
      return byScope(model.per, lines, (scope) =>
        amount === undefined ? afterQuantity(Money.parse(quantity ?? '0'), scope) : afterAmount(Money.parse(amount), scope),
      );
    }
  }
}

/** The price of one thing for a whole month, and for an hour of it. */
export interface UnitPrice {
  readonly hourly: Money;
  readonly monthly: Money;
}

/**
 * What one thing with this list price sells for, exactly as `priceLines` prices its line of a whole month. Null where the model needs the other lines of the
 * month, such as tiers and allowances. Pure.
 */
export function unitPrice(model: RateModel, list: UnitPrice, resourceId: string | null, monthSeconds: number): UnitPrice | null {
  if (model.type !== 'free' && model.type !== 'cost_plus' && model.type !== 'fixed_per_sku') return null;
  const quantity = Money.parse(String(monthSeconds / 3_600));
  const [sell] = priceLines(model, [{ resourceId: resourceId ?? 'new', buy: list.monthly, quantity, seconds: monthSeconds, monthSeconds }]);
  if (!sell) return null;
  const monthly = sell.round(SELL_PLACES, 'half_away').trim();
  if (model.type === 'fixed_per_sku' && model.unit === 'hour') return { monthly, hourly: Money.parse(model.price) };
  const [part, whole] = list.monthly.isZero()
    ? [1n, BigInt(MONTH_CAP_S / 3_600)]
    : [list.hourly.toUnits(SELL_PLACES), list.monthly.toUnits(SELL_PLACES)];
  return { monthly, hourly: monthly.ratio(part, whole, SELL_PLACES).trim() };
}

/** Prices each scope on its own: all lines, or those of each resource. A line without a resource is a scope of its own. */
function byScope(
  scope: 'tenant' | 'resource',
  lines: readonly PricedLine[],
  price: (lines: readonly PricedLine[]) => readonly Money[],
): Money[] {
  if (scope === 'tenant') return [...price(lines)];
  const groups = new Map<string | number, number[]>();
  for (const [at, { resourceId }] of lines.entries()) {
    const group = groups.get(resourceId ?? at);
    if (group) group.push(at);
    else groups.set(resourceId ?? at, [at]);
  }
  const sells: Money[] = lines.map(() => ZERO);
  for (const places of groups.values()) {
    const priced = price(places.flatMap((at) => lines[at] ?? []));
    for (const [nth, at] of places.entries()) sells[at] = priced[nth] ?? ZERO;
  }
  return sells;
}

function costPlus(model: CostPlusModel, lines: readonly PricedLine[]): Money[] {
  const [percent, fixed] = [Money.parse(model.percent), Money.parse(model.fixed_per_resource_month)];
  const charged = new Set<string>();
  return lines.map(({ buy, resourceId }) => {
    const size = buy.isNegative() ? buy.negate() : buy;
    const margin = clamped(size.multiply(percent).ratio(1n, 100n, SELL_PLACES + 2), model.min_margin, model.max_margin);
    const sell = buy.add(buy.isNegative() ? margin.negate() : margin);
    if (fixed.isZero() || resourceId === null || buy.isNegative() || charged.has(resourceId)) return sell;
    charged.add(resourceId);
    return sell.add(fixed);
  });
}

function clamped(margin: Money, least: string | null, most: string | null): Money {
  const raised = least !== null && margin.compare(Money.parse(least)) < 0 ? Money.parse(least) : margin;
  return most !== null && raised.compare(Money.parse(most)) > 0 ? Money.parse(most) : raised;
}

function fixedPrice({ price, unit, proration }: FixedPerSkuModel, { buy, quantity, seconds, monthSeconds }: PricedLine): Money {
  const whole = Money.parse(price);
  const [used, all] = unit === 'month' ? monthPart(proration, seconds, monthSeconds) : [1n, 1n];
  const part = used >= all ? whole : whole.ratio(used, all, SELL_PLACES);
  const amount = unit === 'hour' ? part.multiply(hoursOf(proration, quantity, seconds)) : part;
  return buy.isNegative() ? amount.negate() : amount;
}

function hoursOf(proration: FixedPerSkuModel['proration'], quantity: Money, seconds: number): string {
  switch (proration) {
    case 'none':
      return quantity.toText();
    case 'hour':
      return String(Math.ceil(seconds / 3_600));
    case 'day':
      return String(Math.ceil(seconds / 86_400) * 24);
    default:
      return quantity.compare(Money.parse('672')) > 0 ? '672' : quantity.toText();
  }
}

/** The used part of a month and the whole, in days, hours or seconds. */
function monthPart(proration: FixedPerSkuModel['proration'], seconds: number, monthSeconds: number): [bigint, bigint] {
  const inUnits = (unit: number): [bigint, bigint] => [BigInt(Math.ceil(seconds / unit)), BigInt(monthSeconds / unit)];
  switch (proration) {
    case 'none':
      return [1n, 1n];
    case 'day':
      return inUnits(86_400);
    case 'hour':
      return inUnits(3_600);
    default:
      return [BigInt(Math.round(seconds)), BigInt(MONTH_CAP_S)];
  }
}

/** Prices lines by what each adds to the price of the whole quantity. Their sum is the price of the quantity at the end. */
function marginal(lines: readonly PricedLine[], priceOf: (quantity: Money) => Money, of = quantityOf): Money[] {
  const sells: Money[] = lines.map(() => ZERO);
  let [quantity, price] = [ZERO, priceOf(ZERO)];
  for (const at of inOrderOfCount(lines)) {
    const added = quantity.add(of(lines[at]));
    quantity = added.isNegative() ? ZERO : added;
    const next = priceOf(quantity);
    sells[at] = next.subtract(price);
    price = next;
  }
  return sells;
}

/** Lines above zero first, so that a correction finds the quantity that it corrects. */
function inOrderOfCount(lines: readonly PricedLine[]): number[] {
  const places = lines.map((_line, at) => at);
  return [...places.filter((at) => !lines[at]?.buy.isNegative()), ...places.filter((at) => lines[at]?.buy.isNegative())];
}

const quantityOf = (line: PricedLine | undefined): Money => {
  if (!line) return ZERO;
  return line.buy.isNegative() ? line.quantity.negate() : line.quantity;
};

function graduatedPrice(tiers: readonly Tier[], quantity: Money): Money {
  let price = ZERO;
  let lower = ZERO;
  for (const { up_to, per_unit, flat } of tiers) {
    if (quantity.compare(lower) <= 0) break;
    const upper = up_to === null || quantity.compare(Money.parse(up_to)) < 0 ? quantity : Money.parse(up_to);
    price = price.add(Money.parse(flat)).add(upper.subtract(lower).multiply(per_unit));
    lower = upper;
  }
  return price;
}

function volumePrices(tiers: readonly Tier[], lines: readonly PricedLine[]): Money[] {
  const total = Money.sum(lines.map(quantityOf));
  const tier = tiers.find(({ up_to }) => up_to === null || total.compare(Money.parse(up_to)) <= 0);
  if (!tier || total.compare(ZERO) <= 0) return lines.map(() => ZERO);
  const first = lines.findIndex((line) => !line.buy.isNegative() && !line.quantity.isZero());
  return lines.map((line, at) => {
    const price = quantityOf(line).multiply(tier.per_unit);
    return at === first ? price.add(Money.parse(tier.flat)) : price;
  });
}

/** Packages that a quantity begins; none for nothing. */
function packagesOf(quantity: Money, size: Money): bigint {
  if (quantity.compare(ZERO) <= 0) return 0n;
  const [units, unit] = [quantity.toUnits(SELL_PLACES * 2), size.toUnits(SELL_PLACES * 2)];
  return (units + unit - 1n) / unit;
}

/** What the provider charges beyond an amount. */
function afterAmount(allowed: Money, lines: readonly PricedLine[]): Money[] {
  const beyond = (amount: Money) => (amount.compare(allowed) > 0 ? amount.subtract(allowed) : ZERO);
  return marginal(lines, beyond, (line) => line?.buy ?? ZERO);
}

/** What the provider charges for the units beyond a quantity: each line at its own price per unit. A line without units is charged whole. */
function afterQuantity(allowed: Money, lines: readonly PricedLine[]): Money[] {
  const beyond = (quantity: Money) => (quantity.compare(allowed) > 0 ? quantity.subtract(allowed) : ZERO);
  const charged = marginal(lines, beyond);
  return lines.map(({ buy, quantity }, at) => {
    if (quantity.isZero()) return buy;
    const units = charged[at] ?? ZERO;
    const size = units.isNegative() ? units.negate() : units;
    return buy.ratio(size.toUnits(SELL_PLACES * 2), quantity.toUnits(SELL_PLACES * 2), SELL_PLACES);
  });
}
