import { Money } from '#libs/kernel';
import { monthlyLines, type MonthlyLineKind } from '../pricing/monthly-terms';
import { priceLines, SELL_PLACES, type PricedLine } from '../pricing/price-lines';
import { RateChooser, termsOf, type ChosenRate, type PricePlan } from '../pricing/price-plan';
import type { PoolName, PoolShare } from '../pricing/pools';
import type { Bucket, NewRatedLine, RateExplanation } from '../pricing/rated-lines';
import type { RateSubject } from '../pricing/selector';
import type { RunProblem } from '../pricing/run.states';
import type { PieceRow } from './stage.sql';

/** A tenant's part of a pool, with the pool. */
export interface SharedPart extends PoolShare {
  readonly pool: PoolName;
  readonly method: string;
  readonly poolAmount: string;
}

/** What the rating adds to a piece. The line takes everything else from the piece. */
export interface RatedPiece {
  readonly bucket: Bucket;
  readonly quantity: Money | null;
  readonly unit: string;
  readonly sell: Money | null;
  /** Seconds that are the owner's, of a piece that is split. */
  readonly seconds: number | null;
  readonly rate: RateExplanation | null;
}

export interface RatedTenant {
  /** In the order of the pieces. */
  readonly pieces: readonly RatedPiece[];
  /** Lines of pools and of monthly terms, which no piece stands behind. */
  readonly more: readonly NewRatedLine[];
  /** The exact sum of what the tenant pays, before tax. */
  readonly sell: Money;
  readonly problems: readonly RunProblem[];
}

const SHARED_PRODUCTS: Readonly<Record<PoolName, string>> = {
  account_wide: 'Shared services',
  support: 'Support',
  unattributed: 'Other services',
  provider_tax: 'Provider tax',
  provider_credits: 'Credits',
};
const TERMS: Readonly<Record<MonthlyLineKind, string>> = {
  discount: 'Discount',
  minimum_commitment: 'Minimum commitment',
  maximum_spend: 'Maximum spend',
  recurring_fee: 'Monthly fee',
};
const MICROSECONDS = 1_000_000;
const ONE = Money.parse('1');
const ZERO = Money.parse('0');

/**
 * Rates a month of one tenant: its pieces of the provider's lines and its parts of pools get their prices, then the monthly terms apply. Pure: equal
 * inputs in equal order give equal lines. A line without a rate has no price, and is a critical problem instead of being free.
 */
export function rateTenant(
  tenantId: string,
  pieces: readonly PieceRow[],
  shares: readonly SharedPart[],
  plan: PricePlan,
  monthSeconds: number,
): RatedTenant {
  const chooser = new RateChooser(plan, tenantId);
  const priced = [...pieces.map((piece) => pricedPiece(piece, monthSeconds)), ...shares.map((share) => pricedShare(share, monthSeconds))];
  const chosen = [
    ...pieces.map((piece) => chooser.choose(piece, piece.resource_id)),
    ...shares.map(({ pool }) => chooser.choose(subjectOf(pool), null)),
  ];
  const sells = sellsOf(priced, chosen);
  const net = Money.sum(sells.flatMap((sell) => sell ?? []));
  const terms = termsOf(plan, tenantId);
  const extra = terms ? monthlyLines(net, terms).map(({ kind, amount }) => termsLine(tenantId, kind, amount)) : [];
  const rated = pieces.map((piece, at) => ratedPiece(piece, priced[at], chosen[at], sells[at]));
  const shared = shares.map((share, nth) => sharedLine(share, chosen[pieces.length + nth], sells[pieces.length + nth]));
  const products = [...pieces.map(({ product }) => product), ...shared.map(({ product }) => product)];
  const without = products.filter((_product, at) => sells[at] === undefined);
  return {
    pieces: rated,
    more: [...shared, ...extra],
    sell: Money.sum([net, ...extra.flatMap(({ sell }) => sell ?? [])]),
    problems: without.length === 0 ? [] : [noRate(tenantId, without)],
  };
}

/** Lines of one rate are priced together; a line without a rate has no price. */
function sellsOf(lines: readonly PricedLine[], chosen: readonly (ChosenRate | undefined)[]): (Money | undefined)[] {
  const groups = new Map<ChosenRate, number[]>();
  for (const [at, one] of chosen.entries()) {
    if (!one) continue;
    const group = groups.get(one);
    if (group) group.push(at);
    else groups.set(one, [at]);
  }
  const sells: (Money | undefined)[] = lines.map(() => undefined);
  for (const [{ rate }, places] of groups) {
    const prices = priceLines(
      rate.model,
      places.flatMap((at) => lines[at] ?? []),
    );
    for (const [nth, at] of places.entries()) sells[at] = prices[nth]?.round(SELL_PLACES, 'half_away').trim();
  }
  return sells;
}

function pricedPiece(piece: PieceRow, monthSeconds: number): PricedLine {
  const quantity = quantityOf(piece) ?? ONE;
  return {
    resourceId: piece.resource_id,
    buy: Money.parse(piece.amount),
    quantity,
    seconds: secondsOf(piece) ?? piece.line_s,
    monthSeconds,
  };
}

const pricedShare = ({ amount: buy }: SharedPart, monthSeconds: number): PricedLine => ({
  resourceId: null,
  buy,
  quantity: ONE,
  seconds: monthSeconds,
  monthSeconds,
});

/** The owner's part of the hours, never below zero; null where the provider counts none. */
function quantityOf({ hours, weight, of_weight }: PieceRow): Money | null {
  if (hours === null) return null;
  const counted = absolute(Money.parse(hours));
  return weight === of_weight ? counted : counted.ratio(BigInt(weight), BigInt(of_weight), SELL_PLACES).trim();
}

/** Null for a piece that is the whole line. */
const secondsOf = ({ weight, of_weight }: PieceRow): number | null =>
  weight === of_weight ? null : Math.max(1, Math.round(Number(weight) / MICROSECONDS));

const ratedPiece = (
  piece: PieceRow,
  priced: PricedLine | undefined,
  chosen: ChosenRate | undefined,
  sell: Money | undefined,
): RatedPiece => ({
  bucket: 'tenant_direct',
  quantity: priced?.quantity ?? ONE,
  unit: unitOf(piece),
  sell: sell ?? null,
  seconds: secondsOf(piece),
  rate: chosen?.explanation ?? null,
});

/** What a part of a pool is about, as selectors see it. */
const subjectOf = (pool: PoolName): RateSubject => ({
  product: SHARED_PRODUCTS[pool],
  kind: 'shared',
  sku: null,
  region: null,
  project_id: null,
  tags: [],
});

function sharedLine(share: SharedPart, chosen: ChosenRate | undefined, sell: Money | undefined): NewRatedLine {
  const { tenantId, pool, method, poolAmount, amount: buy, weight, of } = share;
  const product = SHARED_PRODUCTS[pool];
  return {
    tenantId,
    bucket: 'tenant_shared',
    lineKind: 'shared',
    product,
    description: product,
    resourceId: null,
    resourceName: null,
    projectName: null,
    region: null,
    quantity: ONE,
    unit: 'each',
    buy,
    sell: sell ?? null,
    explanation: { pool: { name: pool, method, amount: poolAmount, weight, of }, ...(chosen && { rate: chosen.explanation }) },
  };
}

function termsLine(tenantId: string, kind: MonthlyLineKind, amount: Money): NewRatedLine {
  return {
    tenantId,
    bucket: 'terms',
    lineKind: kind,
    product: TERMS[kind],
    description: TERMS[kind],
    resourceId: null,
    resourceName: null,
    projectName: null,
    region: null,
    quantity: ONE,
    unit: 'each',
    buy: ZERO,
    sell: amount.trim(),
    explanation: {},
  };
}

/** A piece without an owner, which keeps its amount in a bucket of the issuer. */
export const keptPiece = (piece: PieceRow, bucket: Bucket): RatedPiece => ({
  bucket,
  quantity: quantityOf(piece),
  unit: unitOf(piece),
  sell: null,
  seconds: null,
  rate: null,
});

/** What the quantity of a line counts. On lines for backups the provider writes their number where other lines have hours. */
function unitOf({ kind, hours }: PieceRow): string {
  if (hours === null) return 'each';
  return kind === 'droplet_backup' ? 'backup' : 'hour';
}

const absolute = (amount: Money): Money => (amount.isNegative() ? amount.negate() : amount);

function noRate(tenantId: string, without: readonly string[]): RunProblem {
  const products = [...new Set(without)].sort();
  return {
    code: 'no_rate',
    severity: 'critical',
    path: `tenants/${tenantId}`,
    detail: `${without.length} lines of the tenant ${tenantId} have no rate: ${products.slice(0, 5).join(', ')}. Add a rate that applies to them`,
  };
}
