import { Money } from '#libs/kernel';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { creditTaxes, splitCredit, NO_REST } from '../money/split-money';
import { monthlyLines } from '../pricing/monthly-terms';
import { readMonthlyTerms } from '../pricing/rate-model';
import type { TaxCategory } from '../pricing/tenant-document';
import type { IssuerView, ProfileView } from '../profiles/billing-profiles';
import { least } from '../wallets/draw-lots';
import { composeDraft, type SourceLine } from './draft';

interface MonthExample {
  readonly lines: readonly string[];
  readonly monthly: object;
  readonly promotion_wallet: string;
  readonly tax: { readonly category: TaxCategory; readonly rate: string };
  readonly money_wallet: string;
  readonly credit: { readonly line_no: number; readonly net: string };
  readonly invoice: readonly (readonly [string, string])[];
  readonly totals: Readonly<Record<string, string>>;
}

const PAGE = readFileSync(join(__dirname, '../../../../../docs/tenant-billing.md'), 'utf8');
const MONTHS = [...PAGE.matchAll(/^```json month\n([^`]*)```/gm)].map(([, text = '']) => JSON.parse(text) as MonthExample);

const line = (kind: string, sell: string): SourceLine => ({
  tenant_id: 'acme',
  line_no: 1,
  corrects: null,
  corrected: null,
  kind,
  description: kind,
  resource_id: null,
  resource_name: null,
  quantity: null,
  unit: '',
  sell,
  buy: '0',
  explanation: {},
});
const DECIDED = { status: 'decided', label: 'Tax', text: null, title: 'Invoice', evidence: {} } as const;

const INPUTS = {
  tenantId: 'acme',
  kind: 'standard',
  adjustments: [],
  fx: null,
  issuer: { id: 'default', currency: 'USD', problems: [], tax_ids: [], net_days: 14, issue_zero: false } as unknown as IssuerView,
  profile: { currency: null, problems: [], paused: false, tax_id: null } as unknown as ProfileView,
} as const;

function draftOf({ lines, monthly, promotion_wallet, tax }: MonthExample) {
  const sum = Money.sum(lines.map((sell) => Money.parse(sell)));
  const terms = monthlyLines(sum, readMonthlyTerms(monthly, 'monthly')).map(({ kind, amount }) => line(kind, amount.toText()));
  const inputs = {
    ...INPUTS,
    promotion: Money.parse(promotion_wallet),
    lines: [...lines.map((sell) => line('usage', sell)), ...terms],
    tax: { ...DECIDED, ...tax },
  };
  return composeDraft(inputs);
}

it('has an example of a whole month', () => {
  expect(MONTHS.length).toBeGreaterThan(0);
});

it.each(MONTHS)('adds up a month in the order that the page says: due $totals.due [TBL-8]', (example) => {
  const draft = draftOf(example);
  expect(draft.lines.map(({ kind, net }) => [kind, net])).toEqual(example.invoice);
  const total = Money.parse(draft.total);
  const wallet = least(Money.parse(example.money_wallet), total);
  const due = total.subtract(wallet);
  const { category, rate } = example.tax;
  const net = Money.parse(example.credit.net);
  const [creditTax] = creditTaxes([{ net, category, rate }], [], 2, () => ({ label: 'Tax', text: null }));
  const credited = net.add(Money.parse(creditTax?.tax ?? '0'));
  const { lowersDue } = splitCredit(credited, due, NO_REST, { refundable: Money.parse('0'), returnable: wallet });
  const figures = { net: draft.net, tax: draft.tax, total: draft.total, wallet: wallet.toText(), due: due.toText() };
  expect({ ...figures, credit_note: credited.toText(), due_after_it: due.subtract(lowersDue).toText() }).toEqual(example.totals);
});

it('uses of the promotion wallet no more than the net, which never falls below zero', () => {
  const [example] = MONTHS;
  if (!example) throw new Error('the page has no example');
  const draft = draftOf({ ...example, promotion_wallet: '1000' });
  expect(draft).toMatchObject({ net: '0.00', tax: '0.00', total: '0.00' });
  expect(draft.problems.map(({ code }) => code)).not.toContain('zero_total');
  const tiny = draftOf({ ...example, lines: ['0.005'], monthly: {}, promotion_wallet: '5' });
  expect(tiny).toMatchObject({ net: '0.01' });
});

it('composes a draft whose lines are longer together than any text of V8', () => {
  const long = { ...line('usage', '1.00'), description: 'x'.repeat(2 ** 24) };
  const tax = { ...DECIDED, category: 'S', rate: '10' } as const;
  const { total, digest } = composeDraft({ ...INPUTS, promotion: Money.parse('0'), lines: Array.from({ length: 33 }, () => long), tax });
  expect({ total, digest }).toEqual({ total: '36.30', digest: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
});
