import { Money } from '#libs/kernel';
import { monthlyLines, type MonthlyLineKind } from '../pricing/monthly-terms';
import { priceLines, type PricedLine } from '../pricing/price-lines';
import { RateChooser, termsOf, type ChosenRate, type PricePlan } from '../pricing/price-plan';
import type { PoolName, PoolShare } from '../pricing/pools';
import type { LineExplanation, NewRatedLine } from '../pricing/rated-lines';
import type { RunProblem } from '../pricing/run.states';
import type { PieceRow } from './stage.sql';

/** A tenant's part of a pool, with the pool. */
export interface SharedPart extends PoolShare {
  readonly pool: PoolName;
  readonly method: string;
  readonly poolAmount: string;
}

/** The lines of a tenant's month before they have a price. */
type Unpriced = Omit<NewRatedLine, 'sell'> & { readonly priced: PricedLine; readonly chosen: ChosenRate | undefined };

export interface RatedTenant {
  readonly lines: readonly NewRatedLine[];
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
  const unpriced = [
    ...pieces.map((piece) => directLine(piece, tenantId, chooser, monthSeconds)),
    ...shares.map((share) => sharedLine(share, chooser, monthSeconds)),
  ];
  const sells = sellsOf(unpriced);
  const lines = unpriced.map(({ priced: _priced, chosen, ...line }, at): NewRatedLine => {
    const rate = chosen && { layer: chosen.layer, id: chosen.rate.id, model: chosen.rate.model.type };
    return { ...line, sell: sells[at] ?? null, explanation: { ...line.explanation, ...(rate && { rate }) } };
  });
  const net = Money.sum(lines.flatMap(({ sell }) => sell ?? []));
  const terms = termsOf(plan, tenantId);
  const extra = terms ? monthlyLines(net, terms).map(({ kind, amount }) => termsLine(tenantId, kind, amount)) : [];
  const without = lines.filter(({ sell }) => sell === null);
  return {
    lines: [...lines, ...extra],
    sell: Money.sum([net, ...extra.flatMap(({ sell }) => sell ?? [])]),
    problems: without.length === 0 ? [] : [noRate(tenantId, without)],
  };
}

/** Lines of one rate are priced together; a line without a rate has no price. */
function sellsOf(lines: readonly Unpriced[]): (Money | undefined)[] {
  const groups = new Map<string, number[]>();
  for (const [at, { chosen }] of lines.entries()) {
    if (!chosen) continue;
    const key = `${chosen.layer}/${chosen.rate.id}`;
    const group = groups.get(key);
    if (group) group.push(at);
    else groups.set(key, [at]);
  }
  const sells: (Money | undefined)[] = lines.map(() => undefined);
  for (const places of groups.values()) {
    const of = places.flatMap((at) => lines[at] ?? []);
    const [first] = of;
    if (!first?.chosen) continue;
    const prices = priceLines(
      first.chosen.rate.model,
      of.map(({ priced }) => priced),
    );
    for (const [nth, at] of places.entries()) sells[at] = prices[nth]?.round(10, 'half_away').trim();
  }
  return sells;
}

function directLine(piece: PieceRow, tenantId: string, chooser: RateChooser, monthSeconds: number): Unpriced {
  const buy = Money.parse(piece.amount);
  const [weight, ofWeight] = [BigInt(piece.weight), BigInt(piece.of_weight)];
  const isSplit = weight !== ofWeight;
  const hours = piece.hours === null ? null : absolute(Money.parse(piece.hours));
  const quantity = hours === null ? ONE : isSplit ? hours.ratio(weight, ofWeight, 10).trim() : hours;
  const seconds = isSplit ? Math.max(1, Math.round(Number(weight) / MICROSECONDS)) : piece.line_s;
  const chosen = chooser.choose(
    {
      product: piece.product,
      kind: piece.kind,
      sku: piece.sku,
      region: piece.region,
      projectId: piece.project_id,
      tags: piece.tags,
    },
    piece.resource_id,
  );
  return {
    ...lineOf(piece),
    tenantId,
    bucket: 'tenant_direct',
    quantity,
    unit: unitOf(piece),
    buy,
    explanation: { ...explanationOf(piece), ...(isSplit && { seconds: { of_owner: seconds, of_line: piece.line_s } }) },
    priced: { resourceId: piece.resource_id, buy, quantity, seconds, monthSeconds },
    chosen,
  };
}

function sharedLine(share: SharedPart, chooser: RateChooser, monthSeconds: number): Unpriced {
  const { tenantId, pool, method, poolAmount, amount: buy, weight, of } = share;
  const product = SHARED_PRODUCTS[pool];
  const subject = { product, kind: 'shared', sku: null, region: null, projectId: null, tags: [] };
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
    explanation: { pool: { name: pool, method, amount: poolAmount, weight, of } },
    priced: { resourceId: null, buy, quantity: ONE, seconds: monthSeconds, monthSeconds },
    chosen: chooser.choose(subject, null),
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

/** A line without an owner, which keeps its amount in a bucket of the issuer. */
export function keptLine(piece: PieceRow, bucket: NewRatedLine['bucket']): NewRatedLine {
  const quantity = piece.hours === null ? null : absolute(Money.parse(piece.hours));
  const buy = Money.parse(piece.amount);
  return { ...lineOf(piece), tenantId: null, bucket, quantity, unit: unitOf(piece), buy, sell: null, explanation: explanationOf(piece) };
}

/** What the quantity of a line counts. On lines for backups the provider writes their number where other lines have hours. */
function unitOf({ kind, hours }: PieceRow): string {
  if (hours === null) return 'each';
  return kind === 'droplet_backup' ? 'backup' : 'hour';
}

function lineOf(piece: PieceRow) {
  return {
    lineKind: piece.kind,
    product: piece.product,
    description: piece.description,
    resourceId: piece.resource_id,
    resourceName: piece.resource_name,
    projectName: piece.project_name,
    region: piece.region,
  };
}

const explanationOf = (piece: PieceRow): LineExplanation => ({
  provider_line: { invoice: piece.invoice, line_no: piece.line_no },
  owner_rule: piece.owner_rule,
});

const absolute = (amount: Money): Money => (amount.isNegative() ? amount.negate() : amount);

function noRate(tenantId: string, lines: readonly NewRatedLine[]): RunProblem {
  const products = [...new Set(lines.map(({ product }) => product))].sort();
  return {
    code: 'no_rate',
    severity: 'critical',
    path: `tenants/${tenantId}`,
    detail: `${lines.length} lines of the tenant ${tenantId} have no rate: ${products.slice(0, 5).join(', ')}. Add a rate that applies to them`,
  };
}
