import { Money } from '#libs/kernel';
import { SELL_PLACES } from './price-lines';
import type { MonthlyTerms } from './rate-model';

/** A line of a month that no line of the provider stands behind. In the order in which they apply. */
export const MONTHLY_LINES = ['discount', 'minimum_commitment', 'maximum_spend', 'recurring_fee'] as const;
export type MonthlyLineKind = (typeof MONTHLY_LINES)[number];

export interface MonthlyLine {
  readonly kind: MonthlyLineKind;
  readonly amount: Money;
}

/**
 * The lines that monthly terms add to a net amount: the discount, then what is missing to the minimum, then what is above the maximum as a
 * negative line, then the fee, which is outside of both. A net amount below zero gets no discount. Pure.
 */
export function monthlyLines(net: Money, terms: MonthlyTerms): MonthlyLine[] {
  const lines: MonthlyLine[] = [];
  let sum = net;
  const add = (kind: MonthlyLineKind, amount: Money): void => {
    if (amount.isZero()) return;
    lines.push({ kind, amount });
    sum = sum.add(amount);
  };
  if (terms.discount_percent !== null && !net.isNegative())
    add('discount', net.multiply(terms.discount_percent).ratio(-1n, 100n, SELL_PLACES));
  if (terms.minimum_commitment !== null) {
    const missing = Money.parse(terms.minimum_commitment).subtract(sum);
    if (!missing.isNegative()) add('minimum_commitment', missing);
  }
  if (terms.maximum_spend !== null) {
    const rest = Money.parse(terms.maximum_spend).subtract(sum);
    if (rest.isNegative()) add('maximum_spend', rest);
  }
  if (terms.recurring_fee !== null) add('recurring_fee', Money.parse(terms.recurring_fee));
  return lines;
}
