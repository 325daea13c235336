import { Money } from '#libs/kernel';
import type { DocumentTax, TaxCategory } from '../pricing/tenant-document';
import { SELL_PLACES } from '../pricing/price-lines';
import type { IssuerView, ProfileView } from '../profiles/billing-profiles';
import { least } from '../wallets/draw-lots';
import { documentTaxes, type TaxDecision } from '../tax/decide-tax';
import type { Adjustment, ExchangeRate, FrozenTax, FrozenTerms, InvoiceProblem } from '../pricing/invoice.states';
import { decimalsOf } from '../pricing/tenant-document';
import { digestByLine } from './draft-chunks';
import { problemsOf } from './draft-problems';
import { roundLines } from './rounding';

/** The kind of the line by which the promotion wallet lowers the net. */
export const PROMOTION_LINE = 'promotion';

/** The provider charges in it, and rated lines have it. */
export const PROVIDER_CURRENCY = 'USD';

/** The tax of an issuer without any rules: outside the scope of tax, 0 %. */
export const WITHOUT_RULES: FrozenTax = {
  status: 'decided',
  category: 'O',
  rate: '0',
  label: 'No tax',
  text: null,
  title: 'Invoice',
  evidence: { rule: 'the issuer has no tax rules' },
};

/** What the corrected invoice was issued with: its amount goes back, or more of it is charged, at the same exchange rate and tax. [TBL-9] */
export interface CorrectedTerms {
  readonly currency: string;
  /** Null in the provider's currency. */
  readonly fx: ExchangeRate | null;
  readonly tax: LineTax;
}

/** The tax of a line. Lines of one category and rate are taxed together. */
type LineTax = Pick<FrozenTax, 'category' | 'rate' | 'label' | 'text'>;

/** A rated line, or a correction of an earlier month: the difference of what is rated now and what was issued. */
export interface SourceLine {
  readonly tenant_id: string;
  /** Null for a correction. */
  readonly line_no: number | null;
  /** The first day of the month that is corrected. */
  readonly corrects: string | null;
  /** Null unless it corrects a month. */
  readonly corrected: CorrectedTerms | null;
  readonly kind: string;
  readonly description: string;
  readonly resource_id: string | null;
  readonly resource_name: string | null;
  readonly quantity: string | null;
  readonly unit: string;
  /** Null: no rate was found. */
  readonly sell: string | null;
  readonly buy: string;
  readonly explanation: unknown;
}

export interface DraftInputs {
  readonly tenantId: string;
  readonly kind: 'standard' | 'one_off';
  readonly lines: readonly SourceLine[];
  readonly adjustments: readonly Adjustment[];
  readonly issuer: IssuerView;
  readonly profile: ProfileView;
  /** Null where none is set; not asked for in the provider's currency. */
  readonly fx: ExchangeRate | null;
  readonly tax: TaxDecision | FrozenTax;
  /** What the promotion wallet has, in the currency of the invoice. */
  readonly promotion: Money;
}

/** A line as the table has it. Amounts are decimal text. */
export interface DraftLine extends Omit<SourceLine, 'line_no' | 'corrected'> {
  readonly line_no: number;
  readonly unit_price: string | null;
  readonly exact: string;
  readonly net: string;
  readonly tax_category: TaxCategory | null;
  readonly tax_rate: string | null;
}

export interface Draft {
  readonly currency: string;
  readonly decimals: number;
  readonly lines: readonly DraftLine[];
  readonly taxes: readonly DocumentTax[];
  readonly net: string;
  readonly tax: string;
  readonly total: string;
  readonly problems: readonly InvoiceProblem[];
  readonly terms: FrozenTerms;
  /** SHA-256 over all of it: equal inputs give equal digests. [TBL-2] */
  readonly digest: string;
}

/** Composes a draft: lines, nets, tax, totals and problems. Pure. */
export function composeDraft(inputs: DraftInputs): Draft {
  const { issuer, profile, tax, adjustments } = inputs;
  const currency = profile.currency ?? issuer.currency;
  const decimals = decimalsOf(currency);
  const fx = currency === PROVIDER_CURRENCY ? null : inputs.fx;
  const isPriceable = currency === PROVIDER_CURRENCY || fx !== null;
  const decided = tax.status === 'decided' ? tax : null;
  const sources = (isPriceable ? inputs.lines : []).flatMap((line) =>
    line.sell === null ? [] : [{ line: fromSource(line, line.sell, rateOf(line, currency, fx)), corrected: line.corrected }],
  );
  const sold = [...sources.map(({ line }) => line), ...adjustments.map((adjustment) => fromAdjustment(inputs.tenantId, adjustment))];
  const unpriced = [...sold, ...promotionLines(inputs, sold, decimals)];
  const taxOfLine = decided ? oneForEachGroup(unpriced.map((_line, at) => sources[at]?.corrected?.tax ?? decided), decided) : []; // prettier-ignore
  const nets = roundLines(
    unpriced.map(({ exact }, at) => ({ exact: Money.parse(exact, currency), group: groupOf(taxOfLine[at]) })),
    decimals,
    currency,
  );
  const lines = unpriced.map((line, at): DraftLine => ({
    ...line,
    line_no: at + 1,
    net: nets[at]?.toText() ?? '0',
    tax_category: taxOfLine[at]?.category ?? null,
    tax_rate: taxOfLine[at]?.rate ?? null,
  }));
  const net = Money.sum(nets, currency).round(decimals, 'half_away');
  const taxed = taxOfLine.map(({ category, rate }, at) => ({ net: nets[at] ?? NOTHING, category, rate }));
  const words = new Map(taxOfLine.map((one) => [groupOf(one), one]));
  const taxes = documentTaxes(taxed, decimals, currency, (category, rate) => {
    const { label = '', text = null } = words.get(groupOf({ category, rate })) ?? {};
    return { label, text };
  });
  const taxSum = Money.sum(taxes.map((one) => Money.parse(one.tax, currency)), currency).round(decimals, 'half_away'); // prettier-ignore
  const total = net.add(taxSum);
  const terms = termsOf(inputs, fx);
  const draft = {
    currency,
    decimals,
    lines,
    taxes,
    net: net.toText(),
    tax: taxSum.toText(),
    total: total.toText(),
    problems: problemsOf({ ...inputs, currency, total, isPriceable, hasPromotion: lines.some(({ kind }) => kind === PROMOTION_LINE) }),
    terms,
  };
  return { ...draft, digest: digestByLine(draft) };
}

type Unpriced = Omit<DraftLine, 'line_no' | 'net' | 'tax_category' | 'tax_rate'>;

const NOTHING = Money.parse('0');

/** A correction keeps the exchange rate of what it corrects, unless the tenant has another currency now. */
const rateOf = ({ corrected }: SourceLine, currency: string, fx: ExchangeRate | null): ExchangeRate | null =>
  corrected?.currency === currency ? corrected.fx : fx;

const groupOf = (tax: Pick<LineTax, 'category' | 'rate'> | undefined): string =>
  tax ? `${tax.category} ${Money.parse(tax.rate).trim().toText()}` : '';

/** Equal taxes become one, with its words and the digits of its rate: the draft's own, else the first. */
function oneForEachGroup(taxes: readonly LineTax[], own: LineTax): LineTax[] {
  const known = new Map([own, ...taxes].toReversed().map((tax) => [groupOf(tax), tax]));
  return taxes.map((tax) => known.get(groupOf(tax)) ?? tax);
}

function fromSource(line: SourceLine, sell: string, fx: ExchangeRate | null): Unpriced {
  const { line_no: _order, corrected: _terms, ...rest } = line;
  const exact = fx === null ? sell : Money.parse(sell).multiply(fx.rate).round(SELL_PLACES, 'half_away').trim().toText();
  return { ...rest, exact, unit_price: unitPriceOf(exact, line.quantity) };
}

/** The promotion wallet lowers the net before tax, by whole units of the currency and never below zero. */
function promotionLines({ tenantId, promotion }: DraftInputs, sold: readonly Unpriced[], decimals: number): Unpriced[] {
  const net = Money.sum(sold.map(({ exact }) => Money.parse(exact)));
  const unit = Money.parse('1').ratio(1n, 10n ** BigInt(decimals), decimals);
  const used = least(promotion, unit.multiply(String(net.toUnits(decimals)))).round(decimals, 'half_away');
  if (used.isZero() || used.isNegative()) return [];
  const nothing = { corrects: null, resource_id: null, resource_name: null, quantity: null, unit_price: null, sell: null } as const;
  const texts = { kind: PROMOTION_LINE, description: 'Promotion credit', unit: '' };
  return [{ ...nothing, ...texts, tenant_id: tenantId, exact: used.negate().toText(), buy: '0', explanation: { wallet: 'promotion' } }];
}

function fromAdjustment(tenantId: string, { id, description, quantity, unit, unit_price, reason, added_by }: Adjustment): Unpriced {
  return {
    tenant_id: tenantId,
    corrects: null,
    kind: 'adjustment',
    description,
    resource_id: null,
    resource_name: null,
    quantity,
    unit,
    unit_price,
    exact: Money.parse(unit_price).multiply(quantity).trim().toText(),
    sell: null,
    buy: '0',
    explanation: { adjustment: id, reason, added_by },
  };
}

/** The price of one unit, where quantity × price is exactly the value. */
function unitPriceOf(exact: string, quantity: string | null): string | null {
  if (quantity === null) return null;
  const units = Money.parse(quantity);
  if (units.isZero() || units.isNegative()) return null;
  const places = quantity.split('.')[1]?.length ?? 0;
  const price = Money.parse(exact).multiply(String(10n ** BigInt(places))).ratio(1n, units.toUnits(places), SELL_PLACES).trim(); // prettier-ignore
  return price.multiply(quantity).equals(Money.parse(exact)) ? price.toText() : null;
}

function termsOf({ issuer, profile, tenantId, tax }: DraftInputs, fx: ExchangeRate | null): FrozenTerms {
  return {
    issuer: {
      name: issuer.name ?? '',
      address: issuer.address ?? '',
      country: issuer.country ?? '',
      tax_ids: issuer.tax_ids,
      bank_text: issuer.bank_text,
      logo_sha256: issuer.logo_sha256,
    },
    customer: {
      name: profile.legal_name ?? tenantId,
      address: profile.address ?? '',
      country: profile.country ?? '',
      tax_ids: profile.tax_id === null ? [] : [{ kind: 'Tax ID', id: profile.tax_id }],
      purchase_order: profile.purchase_order,
    },
    language: profile.language ?? 'en',
    net_days: profile.net_days ?? issuer.net_days,
    tax: tax.status === 'decided' ? tax : null,
    fx,
  };
}
