import { Money } from '#libs/kernel';
import type { WalletLot } from '../entities/wallet.entity';

const ZERO = Money.parse('0');

/** The smaller of two amounts. */
export const least = (a: Money, b: Money): Money => (a.compare(b) < 0 ? a : b);

/** The larger of two amounts. */
export const most = (a: Money, b: Money): Money => (a.compare(b) > 0 ? a : b);

/** A lot as the order of use needs it. */
export type UsableLot = Pick<WalletLot, 'id' | 'source' | 'remaining' | 'expiresAt'>;

/**
 * What an amount takes of which lots: those that expire first before the others, then granted before purchased ones, then the older. Takes less than
 * `upTo` when the lots have less. Pure.
 */
export function drawLots(lots: readonly UsableLot[], upTo: Money): { readonly id: string; readonly amount: Money }[] {
  const expiry = ({ expiresAt }: UsableLot) => expiresAt?.getTime() ?? Number.POSITIVE_INFINITY;
  const byExpiry = (a: UsableLot, b: UsableLot) => (expiry(a) === expiry(b) ? 0 : expiry(a) < expiry(b) ? -1 : 1);
  const bySource = (a: UsableLot, b: UsableLot) => Number(a.source === 'purchased') - Number(b.source === 'purchased');
  const inTurn = lots.toSorted((a, b) => byExpiry(a, b) || bySource(a, b) || (a.id < b.id ? -1 : 1));
  let left = most(upTo, ZERO);
  const taken: { id: string; amount: Money }[] = [];
  for (const { id, remaining } of inTurn) {
    const amount = least(left, remaining);
    if (!amount.isZero()) taken.push({ id, amount });
    left = left.subtract(amount);
  }
  return taken;
}
