import { Money } from '#libs/kernel';
import * as fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TaxCategory } from '../pricing/tenant-document';
import { documentTaxes, taxOn, type TaxedLine } from '../tax/decide-tax';
import { creditTaxes, mostReturnable, NO_REST, splitCredit, splitReceived, splitReturn } from './split-money';
import { drawLots, least, type UsableLot } from '../wallets/draw-lots';

const usd = (text: string): Money => Money.parse(text);
const cents = (amount: number): Money => Money.ofMinorUnits(BigInt(amount));
const amount = (max = 100_000) => fc.integer({ min: 0, max }).map(cents);
const texts = (parts: object): Record<string, string> =>
  Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, (part as Money).toText()]));
const sumOf = (parts: object): Money => Money.sum(Object.values(parts) as Money[]);
const words = () => ({ label: 'VAT', text: null });

describe('the examples of the page', () => {
  const page = readFileSync(join(__dirname, '../../../../../docs/tenant-billing.md'), 'utf8');
  const example = <E>(sort: string): E => JSON.parse(new RegExp(`^\`\`\`json ${sort}\\n([^\`]*)\`\`\``, 'm').exec(page)?.[1] ?? '{}') as E;

  it('split a payment and its returns as it says', () => {
    interface PaymentsExample {
      readonly due: string;
      readonly received: string;
      readonly parts: { readonly to_due: string; readonly to_wallet: string };
      readonly returns: readonly { kind: 'refunded' | 'reversed'; amount: string; promised: string; parts: Record<string, string> }[];
    }
    const { due, received, parts, returns } = example<PaymentsExample>('payments');
    const paid = splitReceived(usd(received), usd(due));
    expect(texts(paid)).toEqual({ toDue: parts.to_due, toWallet: parts.to_wallet });
    for (const one of returns) {
      const split = splitReturn(usd(one.amount), one.kind, { ...paid, toRefund: usd(one.promised) });
      const { to_refund: toRefund, to_due: toDue, to_wallet: toWallet } = one.parts;
      expect(split && texts(split)).toEqual({ toRefund, toDue, toWallet });
    }
  });

  it('credit an invoice in parts as it says [TBL-8]', () => {
    interface CreditExample {
      readonly lines: readonly { readonly net: string; readonly rate: string }[];
      readonly tax_of_the_invoice: string;
      readonly due: string;
      readonly paid: string;
      readonly notes: readonly { line: number; tax: string; total: string; lowers_due: string; rest: string }[];
    }
    const { lines, tax_of_the_invoice, due, paid, notes } = example<CreditExample>('credit');
    const taxed = lines.map(({ net, rate }): TaxedLine => ({ net: usd(net), rate, category: 'S' }));
    expect(documentTaxes(taxed, 2, 'USD', words).map(({ tax }) => tax)).toEqual([tax_of_the_invoice]);
    let left = usd(due);
    for (const [at, note] of notes.entries()) {
      const one = taxed.slice(at, at + 1);
      const tax = Money.sum(creditTaxes(one, taxed.slice(0, at), 2, words).map((group) => usd(group.tax)));
      const total = Money.sum(one.map(({ net }) => net)).add(tax);
      const returnable = usd(paid);
      const split = splitCredit(
        total,
        left,
        { ...NO_REST, wallet: total.subtract(least(total, left)) },
        { refundable: returnable, returnable },
      );
      left = left.subtract(split.lowersDue);
      expect({
        line: at + 1,
        tax: tax.toText(),
        total: total.toText(),
        lowers_due: split.lowersDue.toAmountText(),
        rest: split.wallet.toText(),
      }).toEqual(note);
    }
  });
});

describe('a credit note', () => {
  const paid = { refundable: usd('50.00'), returnable: usd('60.00') };
  const rest = (refund: string, wallet: string, out_of_band: string) => ({
    refund: usd(refund),
    wallet: usd(wallet),
    out_of_band: usd(out_of_band),
  });

  it('lowers what is due first, and the rest goes where it is told to, exactly [TBL-6]', () => {
    expect(texts(splitCredit(usd('70.00'), usd('40.00'), rest('10.00', '5.00', '15.00'), paid))).toEqual({
      ...{ refund: '10.00', wallet: '5.00', out_of_band: '15.00', lowersDue: '40.00' },
    });
    expect(() => splitCredit(usd('70.00'), usd('40.00'), rest('10.00', '5.00', '14.99'), paid)).toThrow();
    expect(() => splitCredit(usd('70.00'), usd('80.00'), rest('10.00', '0', '0'), paid)).toThrow();
  });

  it('pays back and puts into the wallet no more than was paid [TBL-6]', () => {
    expect(() => splitCredit(usd('50.01'), usd('0'), rest('50.01', '0', '0'), paid)).toThrow();
    expect(() => splitCredit(usd('60.01'), usd('0'), rest('50.00', '10.01', '0'), paid)).toThrow();
    expect(texts(splitCredit(usd('60.01'), usd('0'), rest('50.00', '10.00', '0.01'), paid))).toMatchObject({ out_of_band: '0.01' });
  });

  it('has in parts the tax of the whole, in every order and size of the parts [TBL-8]', () => {
    const part = fc.record({ net: fc.integer({ min: 1, max: 5_000 }).map(cents), rate: fc.constantFrom('19', '10', '25.5') });
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 15 }), (parts) => {
        const lines = parts.map(({ net, rate }): TaxedLine => ({ net, rate, category: 'S' as TaxCategory }));
        const whole = Money.sum(documentTaxes(lines, 2, 'USD', words).map(({ tax }) => usd(tax)));
        const notes = lines.map((line, at) => creditTaxes([line], lines.slice(0, at), 2, words)).flat();
        expect(Money.sum(notes.map(({ tax }) => usd(tax))).equals(whole)).toBe(true);
        for (const { net, rate, tax } of notes) {
          const distance = usd(tax)
            .subtract(taxOn(usd(net), rate, 2))
            .toText();
          expect(['0.00', '0.01', '-0.01']).toContain(distance);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('a payment', () => {
  it('pays what is due, and the rest goes to the wallet', () => {
    expect(texts(splitReceived(usd('120.00'), usd('100.00')))).toEqual({ toDue: '100.00', toWallet: '20.00' });
    expect(texts(splitReceived(usd('20.00'), usd('100.00')))).toEqual({ toDue: '20.00', toWallet: '0.00' });
  });

  it.each([
    { kind: 'refunded', left: ['100', '40', '20'], amount: '70', parts: { toRefund: '40', toDue: '10', toWallet: '20' } },
    { kind: 'reversed', left: ['100', '40', '20'], amount: '70', parts: { toRefund: '40', toDue: '30', toWallet: '0' } },
    { kind: 'reversed', left: ['100', '0', '20'], amount: '120', parts: { toRefund: '0', toDue: '100', toWallet: '20' } },
    { kind: 'refunded', left: ['0', '0', '20'], amount: '20', parts: { toRefund: '0', toDue: '0', toWallet: '20' } },
  ] as const)('is $kind by $amount of $left as $parts', ({ kind, left: [toDue, toRefund, toWallet], amount: returned, parts }) => {
    const split = splitReturn(usd(returned), kind, { toDue: usd(toDue), toRefund: usd(toRefund), toWallet: usd(toWallet) });
    expect(split && texts(split)).toEqual(parts);
  });

  it('is returned exactly and never by more than is left of each part [TBL-6]', () => {
    const given = fc.record({ toDue: amount(), toRefund: amount(), toWallet: amount(), returned: amount(300_000) });
    fc.assert(
      fc.property(given, fc.constantFrom('refunded' as const, 'reversed' as const), ({ returned, ...left }, kind) => {
        const split = splitReturn(returned, kind, left);
        expect(split === undefined).toBe(returned.compare(mostReturnable(left)) > 0);
        if (!split) return;
        expect(sumOf(split).equals(returned)).toBe(true);
        expect(split.toDue.add(split.toRefund).compare(left.toDue)).toBeLessThanOrEqual(0);
        expect(split.toRefund.compare(left.toRefund)).toBeLessThanOrEqual(0);
        expect(split.toWallet.compare(left.toWallet)).toBeLessThanOrEqual(0);
        expect(Object.values(split).some((part) => part.isNegative())).toBe(false);
      }),
    );
  });
});

describe('a wallet', () => {
  const lot = (id: string, source: 'granted' | 'purchased', remaining: string, expires?: string): UsableLot => ({
    ...{ id, source, remaining: usd(remaining), expiresAt: expires === undefined ? null : new Date(expires) },
  });

  it('uses what expires first, then what was granted, then what was purchased, the older before the newer', () => {
    const lots = [
      lot('5', 'purchased', '1'),
      lot('1', 'purchased', '1'),
      lot('4', 'granted', '1'),
      lot('3', 'granted', '1', '2027-03-01'),
      lot('6', 'purchased', '1', '2027-01-01'),
      lot('2', 'granted', '1', '2027-03-01'),
    ];
    expect(drawLots(lots, usd('5.50')).map(({ id, amount: taken }) => [id, taken.toText()])).toEqual([
      ...[['6', '1'], ['2', '1'], ['3', '1'], ['4', '1'], ['1', '1'], ['5', '0.50']], // prettier-ignore
    ]);
  });

  it('gives what is wanted or all that it has, and from no lot more than is left [TBL-6]', () => {
    const lots = fc.array(amount(), { maxLength: 10 });
    fc.assert(
      fc.property(lots, amount(500_000), (remaining, wanted) => {
        const taken = drawLots(remaining.map((left, at) => lot(String(at), at % 2 === 0 ? 'granted' : 'purchased', left.toText())), wanted); // prettier-ignore
        expect(Money.sum(taken.map(({ amount: part }) => part)).equals(least(wanted, Money.sum(remaining)))).toBe(true);
        for (const { id, amount: part } of taken) expect(part.compare(remaining[Number(id)] ?? cents(0))).toBeLessThanOrEqual(0);
      }),
    );
  });
});
