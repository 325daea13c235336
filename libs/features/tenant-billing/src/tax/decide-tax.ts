import { Money } from '#libs/kernel';
import type { DocumentTax, TaxCategory } from '../pricing/tenant-document';
import type { TaxId } from '../entities/billing-issuer.entity';
import type { TaxIdEvidence } from '../entities/billing-profile.entity';
import type { TaxIdState, TaxPlace, TaxWhen } from '../entities/tax-rule.entity';

/** What an invoice gets when the rule counts. */
export interface TaxResult {
  readonly category: TaxCategory;
  /** Percent, decimal text. */
  readonly rate: string;
  readonly label: string;
  readonly text: string | null;
  readonly title: string;
  readonly issuer_tax_id: string | null;
  readonly customer_tax_id: boolean;
}

export interface CountingRule extends TaxResult {
  readonly id: string;
  readonly tenant_id: string | null;
  readonly priority: number;
  readonly when: TaxWhen;
  readonly evidence: TaxIdEvidence | null;
  readonly version: number;
}

/** The facts of an issuer and a customer at the time of the decision. */
export interface TaxFacts {
  readonly issuer: { readonly country: string | null; readonly tax_ids: readonly TaxId[] };
  readonly customer: {
    readonly tenant_id: string;
    readonly country: string | null;
    readonly is_business: boolean | null;
    readonly tax_id: string | null;
    readonly tax_id_evidence: TaxIdEvidence | null;
  };
}

/** Frozen with the invoice: which rule decided, and on what. */
export interface TaxEvidence {
  readonly rule_id: string;
  readonly rule_version: number;
  /** That of an exception for the tenant. */
  readonly rule_evidence: TaxIdEvidence | null;
  readonly tax_id_state: TaxIdState;
  readonly facts: TaxFacts;
}

export interface TaxProblem {
  readonly code: 'tax_undecided' | 'tax_id_missing';
  readonly detail: string;
}

export type TaxDecision =
  | ({ readonly status: 'decided'; readonly evidence: TaxEvidence } & Pick<TaxResult, 'category' | 'rate' | 'label' | 'text' | 'title'>)
  | { readonly status: 'undecided'; readonly problems: readonly TaxProblem[] };

/** Members of the European Union for value added tax, as ISO 3166-1 names them. */
export const EU_COUNTRIES =
  'AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK'.split(' '); // prettier-ignore

export function taxIdStateOf({ tax_id: id, tax_id_evidence: evidence }: TaxFacts['customer']): TaxIdState {
  if (id === null) return 'none';
  if (evidence === null) return 'unchecked';
  return evidence.answer.trim().toLowerCase() === 'valid' ? 'valid' : 'invalid';
}

/**
 * The tax of an invoice. Exceptions of the tenant count before other rules, then the highest priority, then the lowest id. Without an exception the
 * country and whether the customer is a business must be known: a rule that matches by accident would choose a wrong tax. Pure.
 */
export function decideTax(rules: readonly CountingRule[], facts: TaxFacts): TaxDecision {
  const { customer } = facts;
  const state = taxIdStateOf(customer);
  const own = rules.filter((rule) => rule.tenant_id === customer.tenant_id && matches(rule.when, facts, state)).toSorted(inOrder);
  const isKnown = facts.issuer.country !== null && customer.country !== null && customer.is_business !== null;
  if (own.length === 0 && !isKnown)
    return undecided(
      'tax_undecided',
      'The country of the issuer, the country of the tenant, or whether the tenant is a business is not filled in',
    );
  const all = rules.filter((rule) => rule.tenant_id === null && matches(rule.when, facts, state)).toSorted(inOrder);
  const rule = [...own, ...all][0];
  if (!rule) return undecided('tax_undecided', 'No tax rule is for this tenant; add one with POST /api/v1/billing/tax-rules');
  const lacking = missingIds(rule, facts);
  if (lacking !== undefined) return undecided('tax_id_missing', lacking);
  const { category, rate, label, text, title, id, version, evidence } = rule;
  const frozen: TaxEvidence = { rule_id: id, rule_version: version, rule_evidence: evidence, tax_id_state: state, facts };
  return { status: 'decided', category, rate, label, text, title, evidence: frozen };
}

const undecided = (code: TaxProblem['code'], detail: string): TaxDecision => ({ status: 'undecided', problems: [{ code, detail }] });

const inOrder = (a: CountingRule, b: CountingRule): number => b.priority - a.priority || (a.id < b.id ? -1 : 1);

function matches({ place, countries, is_business, tax_id }: TaxWhen, { issuer, customer }: TaxFacts, state: TaxIdState): boolean {
  const { country } = customer;
  if (place !== undefined && (country === null || issuer.country === null || !IS_AT[place](country, issuer.country))) return false;
  if (countries !== undefined && (country === null || !countries.includes(country))) return false;
  if (is_business !== undefined && customer.is_business !== is_business) return false;
  return tax_id === undefined || tax_id.includes(state);
}

const IS_AT: Readonly<Record<TaxPlace, (country: string, home: string) => boolean>> = {
  domestic: (country, home) => country === home,
  abroad: (country, home) => country !== home,
  other_eu: (country, home) => country !== home && EU_COUNTRIES.includes(country),
  outside_eu: (country) => !EU_COUNTRIES.includes(country),
};

function missingIds({ issuer_tax_id: kind, customer_tax_id, label }: CountingRule, { issuer, customer }: TaxFacts): string | undefined {
  if (kind !== null && !issuer.tax_ids.some((one) => one.kind.toUpperCase() === kind.toUpperCase()))
    return `An invoice with "${label}" prints the ${kind} of the issuer, which is not filled in`;
  return customer_tax_id && customer.tax_id === null
    ? `An invoice with "${label}" prints the tax id of the tenant, which is not filled in`
    : undefined;
}

/** The tax on a net amount: rounded once, half away from zero, to the places of the currency. Pure. */
export const taxOn = (net: Money, rate: string, decimals: number): Money => net.multiply(rate).ratio(1n, 100n, decimals);

export interface TaxedLine {
  readonly net: Money;
  readonly category: TaxCategory;
  readonly rate: string;
}

/** The lines of a document by category and rate, in the order in which these first come. Pure. */
function taxGroups(lines: readonly TaxedLine[]): TaxedLine[][] {
  const groups = new Map<string, TaxedLine[]>();
  for (const line of lines) {
    const key = `${line.category} ${Money.parse(line.rate).trim().toText()}`;
    const group = groups.get(key);
    if (group) group.push(line);
    else groups.set(key, [line]);
  }
  return [...groups.values()];
}

/** The taxes of a document: once for each category and rate, on the net of the group. `wordsOf` gives label and text of a group. Pure. */
export function documentTaxes(
  lines: readonly TaxedLine[],
  decimals: number,
  currency: string,
  wordsOf: (category: TaxCategory, rate: string) => { readonly label: string; readonly text: string | null },
): DocumentTax[] {
  return taxGroups(lines).flatMap((group): DocumentTax[] => {
    const [first] = group;
    if (!first) return [];
    const { category, rate } = first;
    const net = Money.sum(
      group.map((line) => line.net),
      currency,
    ).round(decimals, 'half_away');
    const { label, text } = wordsOf(category, rate);
    return [{ category, rate, label, text, net: net.toText(), tax: taxOn(net, rate, decimals).toText() }];
  });
}
