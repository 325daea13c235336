import { Money, ValidationFailedError } from '#libs/kernel';
import type { DocumentTax, TaxCategory } from '../pricing/tenant-document';
import { documentTaxes, taxOn, type TaxedLine } from '../tax/decide-tax';
import { least, most } from '../wallets/draw-lots';

const ZERO = Money.parse('0');

/** Where the rest of a credit note goes when it lowers what is due by less than its total. */
export interface CreditRest {
  readonly refund: Money;
  readonly wallet: Money;
  readonly out_of_band: Money;
}

export const NO_REST: CreditRest = { refund: ZERO, wallet: ZERO, out_of_band: ZERO };

export interface CreditSplit extends CreditRest {
  readonly lowersDue: Money;
}

/**
 * How a credit note is settled: it lowers what is due first, and `rest` names where the other part goes, exactly. `returnable` is what payments and
 * wallet have paid and nothing has given back, of it `refundable` by payments. Both are below zero after a chargeback of what a credit note had given
 * back already: then nothing is left to give. Throws `ValidationFailedError`. Pure.
 */
export function splitCredit(total: Money, due: Money, rest: CreditRest, paid: { refundable: Money; returnable: Money }): CreditSplit {
  const lowersDue = least(total, most(due, ZERO));
  const left = total.subtract(lowersDue);
  const sum = Money.sum([rest.refund, rest.wallet, rest.out_of_band]);
  const [refundable, returnable] = [most(paid.refundable, ZERO), most(paid.returnable, ZERO)];
  const refuse = (field: string, message: string) => new ValidationFailedError([{ field, message }]);
  if (!sum.equals(left))
    throw refuse('rest', `must add up to ${left.toText()}: the credit note lowers what is due by ${lowersDue.toText()}`);
  if (rest.refund.compare(refundable) > 0) throw refuse('rest.refund', `must be at most ${refundable.toText()}, which payments have paid`);
  if (rest.refund.add(rest.wallet).compare(returnable) > 0)
    throw refuse('rest', `refund and wallet together must be at most ${returnable.toText()}, which was paid`);
  return { ...rest, lowersDue };
}

/** A part of a line that is credited, and what was credited of its tax group before. */
export interface CreditedLine extends TaxedLine {
  readonly category: TaxCategory;
}

/**
 * The taxes of a credit note: of each group the tax on all that is credited of it so far and now, less the tax on what was credited before. So the
 * credit notes of an invoice together have the tax that one over the same lines has, and never more than the invoice. Pure.
 */
export function creditTaxes(
  now: readonly CreditedLine[],
  before: readonly CreditedLine[],
  decimals: number,
  wordsOf: (category: TaxCategory, rate: string) => { readonly label: string; readonly text: string | null },
): DocumentTax[] {
  const inGroup = (group: DocumentTax) => (line: CreditedLine) =>
    line.category === group.category && Money.parse(line.rate).equals(Money.parse(group.rate));
  return documentTaxes(now, decimals, ZERO.currency, wordsOf).map((group) => {
    const earlier = Money.sum(before.filter(inGroup(group)).map(({ net }) => net)); // prettier-ignore
    const tax = taxOn(earlier.add(Money.parse(group.net)), group.rate, decimals).subtract(taxOn(earlier, group.rate, decimals));
    return { ...group, tax: tax.toText() };
  });
}

/** A received payment pays what is due; what is more goes to the wallet. Pure. */
export function splitReceived(amount: Money, due: Money): { readonly toDue: Money; readonly toWallet: Money } {
  const toDue = least(amount, most(due, ZERO));
  return { toDue, toWallet: amount.subtract(toDue) };
}

/** What a return may take: of the payment's parts, of what credit notes promised, and of the rest of the lot that the payment made. */
export interface Returnable {
  /** Of the part of the payment that went to what was due. */
  readonly toDue: Money;
  /** Promised by credit notes and not paid back yet. */
  readonly toRefund: Money;
  /** Left in the wallet of what the payment put there. */
  readonly toWallet: Money;
}

/**
 * How the return of a payment is booked: first against what credit notes promised, then what was paid becomes due again, then from the wallet. A
 * refund takes from the wallet before it makes anything due again. Undefined when there is not so much to return. Pure.
 */
export function splitReturn(amount: Money, kind: 'refunded' | 'reversed', left: Returnable) {
  const toRefund = least(amount, least(left.toRefund, left.toDue));
  const other = amount.subtract(toRefund);
  const paidLeft = left.toDue.subtract(toRefund);
  const walletFirst = least(other, left.toWallet);
  const toDue = kind === 'refunded' ? least(other.subtract(walletFirst), paidLeft) : least(other, paidLeft);
  const toWallet = other.subtract(toDue);
  return toWallet.compare(left.toWallet) > 0 ? undefined : { toRefund, toDue, toWallet };
}

/** The most that `splitReturn` can return. Pure. */
export const mostReturnable = ({ toDue, toWallet }: Returnable): Money => toDue.add(toWallet);
