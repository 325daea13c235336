import { Money } from '#libs/kernel';
import * as fc from 'fast-check';
import type { TaxCategory } from '../pricing/tenant-document';
import { decideTax, documentTaxes, taxOn, type CountingRule, type TaxedLine, type TaxFacts } from './decide-tax';
import { shippedRules, type TaxSet } from './tax-sets';

const EVIDENCE = { checked_at: '2026-11-01T00:00:00Z', source: 'VIES', answer: 'valid' };
const AUSTRALIAN: TaxFacts['issuer'] = { country: 'AU', tax_ids: [{ kind: 'ABN', id: '51 824 753 556' }] };
const GERMAN: TaxFacts['issuer'] = { country: 'DE', tax_ids: [{ kind: 'VAT', id: 'DE123456789' }] };

/** A business in Germany with an id that nobody checked, but for what is given. */
const customer = (given: Partial<TaxFacts['customer']>): TaxFacts['customer'] => ({
  tenant_id: 'acme',
  country: 'DE',
  is_business: true,
  tax_id: 'DE999999999',
  tax_id_evidence: null,
  ...given,
});
const rulesOf = (set: TaxSet, country: string): CountingRule[] =>
  shippedRules(set, country).map((rule, at) => ({ ...rule, id: `rule-${at}`, tenant_id: null, evidence: null, version: 1 }));
const decided = (rules: readonly CountingRule[], issuer: TaxFacts['issuer'], given: Partial<TaxFacts['customer']>) => {
  const decision = decideTax(rules, { issuer, customer: customer(given) });
  return decision.status === 'decided'
    ? `${decision.category} ${decision.rate} ${decision.label}`
    : decision.problems.map(({ code }) => code).join();
};

describe('the shipped sets', () => {
  it.each([
    { country: 'AU', is_business: false, tax: 'S 10 GST 10 %' },
    { country: 'AU', is_business: true, tax: 'S 10 GST 10 %' },
    { country: 'NZ', is_business: true, tax: 'G 0 GST-free export' },
  ])('give an Australian issuer for a customer in $country: $tax [TBL-8]', ({ tax, ...given }) => {
    expect(decided(rulesOf('AU', 'AU'), AUSTRALIAN, given)).toBe(tax);
  });

  it.each([
    { what: 'a business at home', given: { country: 'DE' }, tax: 'S 19 VAT 19 %' },
    { what: 'a business elsewhere with a valid id', given: { country: 'FR', tax_id_evidence: EVIDENCE }, tax: 'AE 0 Reverse charge' },
    { what: 'a business elsewhere with an unchecked id', given: { country: 'FR' }, tax: 'S 19 VAT 19 %' },
    {
      what: 'a business elsewhere with a refused id',
      given: { country: 'FR', tax_id_evidence: { ...EVIDENCE, answer: 'not found' } },
      tax: 'S 19 VAT 19 %',
    },
    { what: 'a consumer elsewhere', given: { country: 'FR', is_business: false, tax_id: null }, tax: 'S 19 VAT 19 %' },
    { what: 'a customer outside of the EU', given: { country: 'CH' }, tax: 'G 0 Export outside the EU, no VAT' },
  ])('give a German issuer for $what: $tax [TBL-8]', ({ given, tax }) => {
    expect(decided(rulesOf('EU', 'DE'), GERMAN, given)).toBe(tax);
  });

  it('print the words of the reverse charge, and "Tax invoice" in Australia', () => {
    const reverse = decideTax(rulesOf('EU', 'DE'), { issuer: GERMAN, customer: customer({ country: 'FR', tax_id_evidence: EVIDENCE }) });
    expect(reverse).toMatchObject({ category: 'AE', text: expect.stringContaining('Reverse charge') as string, title: 'Invoice' });
    const domestic = decideTax(rulesOf('AU', 'AU'), { issuer: AUSTRALIAN, customer: customer({ country: 'AU' }) });
    expect(domestic).toMatchObject({ title: 'Tax invoice' });
  });

  it('leave undecided what needs the tax id of the issuer, and refuse a country that they are not made for', () => {
    expect(decided(rulesOf('AU', 'AU'), { ...AUSTRALIAN, tax_ids: [] }, { country: 'AU' })).toBe('tax_id_missing');
    expect(decided(rulesOf('EU', 'DE'), { ...GERMAN, tax_ids: [] }, { country: 'FR', tax_id_evidence: EVIDENCE })).toBe('tax_id_missing');
    expect(() => shippedRules('AU', 'DE')).toThrow('not for an issuer in DE');
    expect(() => shippedRules('EU', 'AU')).toThrow('not for an issuer in AU');
  });
});

describe('a decision', () => {
  const exempt: CountingRule = {
    id: 'rule-x',
    tenant_id: 'acme',
    priority: 0,
    when: {},
    category: 'E',
    rate: '0',
    label: 'Exempt',
    text: null,
    title: 'Invoice',
    issuer_tax_id: null,
    customer_tax_id: false,
    evidence: EVIDENCE,
    version: 3,
  };

  it('takes the exception of the tenant before all other rules, and freezes what it is based on', () => {
    const decision = decideTax([...rulesOf('EU', 'DE'), exempt], { issuer: GERMAN, customer: customer({}) });
    expect(decision).toMatchObject({ category: 'E', evidence: { rule_id: 'rule-x', rule_version: 3, rule_evidence: EVIDENCE } });
    expect(decided([...rulesOf('EU', 'DE'), exempt], GERMAN, { tenant_id: 'birch' })).toBe('S 19 VAT 19 %');
  });

  it('is not made while the country or the sort of the customer is unknown, or no rule is for it', () => {
    expect(decided(rulesOf('EU', 'DE'), GERMAN, { country: null })).toBe('tax_undecided');
    expect(decided(rulesOf('EU', 'DE'), GERMAN, { country: 'FR', is_business: null })).toBe('tax_undecided');
    expect(decided([], GERMAN, {})).toBe('tax_undecided');
  });

  it('needs the tax id of the customer where the document prints both ids', () => {
    const both = { ...exempt, customer_tax_id: true };
    expect(decided([both], GERMAN, { tax_id: null })).toBe('tax_id_missing');
    expect(decided([both], GERMAN, {})).toBe('E 0 Exempt');
  });

  it('does not depend on the order of the rules', () => {
    const rules = [...rulesOf('EU', 'DE'), ...rulesOf('EU', 'DE').map((rule) => ({ ...rule, id: `${rule.id}-again`, label: 'again' }))];
    fc.assert(
      fc.property(fc.shuffledSubarray(rules, { minLength: rules.length }), (shuffled) => {
        expect(decided(shuffled, GERMAN, {})).toBe('S 19 VAT 19 %');
      }),
      { numRuns: 50 },
    );
  });
});

/** Lines in the minor units of a currency, of up to three categories and rates. */
const line = fc.record({
  units: fc.bigInt({ min: -1_000_000n, max: 100_000_000n }),
  group: fc.constantFrom<[TaxCategory, string]>(['S', '19'], ['S', '25.5'], ['S', '0.0001'], ['AE', '0']),
});
const document = fc.record({ lines: fc.array(line, { minLength: 1, maxLength: 40 }), decimals: fc.constantFrom(0, 2, 3) });
const amountOf = (units: bigint, decimals: number): Money => {
  const digits = String(units < 0n ? -units : units).padStart(decimals + 1, '0');
  const cut = digits.length - decimals;
  return Money.parse(`${units < 0n ? '-' : ''}${digits.slice(0, cut)}${decimals > 0 ? '.' : ''}${digits.slice(cut)}`);
};
const taxed = ({ lines, decimals }: { lines: readonly { units: bigint; group: [TaxCategory, string] }[]; decimals: number }): TaxedLine[] =>
  lines.map(({ units, group: [category, rate] }) => ({ net: amountOf(units, decimals), category, rate }));
const words = () => ({ label: 'Tax', text: null });

/** Written otherwise: in whole numbers, with the half unit added before a division that cuts. */
function naiveTax(units: bigint, rate: string): bigint {
  const [whole = '0', fraction = ''] = rate.split('.');
  const percent = BigInt(whole + fraction.padEnd(4, '0'));
  const size = ((units < 0n ? -units : units) * percent + 500_000n) / 1_000_000n;
  return units < 0n ? -size : size;
}

describe('the taxes of a document', () => {
  it('are computed once on the net of each category and rate, half away from zero, as a second way computes them [TBL-8]', () => {
    fc.assert(
      fc.property(document, (given) => {
        const sums = new Map<string, bigint>();
        for (const { units, group } of given.lines) sums.set(group.join(' '), (sums.get(group.join(' ')) ?? 0n) + units);
        const taxes = documentTaxes(taxed(given), given.decimals, 'USD', words);
        const expected = [...sums].map(([key, net]) => {
          const [category = '', rate = ''] = key.split(' ');
          return [category, rate, amountOf(net, given.decimals).toText(), amountOf(naiveTax(net, rate), given.decimals).toText()];
        });
        expect(taxes.map(({ category, rate, net, tax }) => [category, rate, net, tax])).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('take time in proportion to the lines: a copy of the group for each line would take half a minute', () => {
    const lines = Array.from({ length: 100_000 }, (): TaxedLine => ({ net: Money.parse('0.01'), category: 'S', rate: '10' }));
    const startedMs = performance.now();
    expect(documentTaxes(lines, 2, 'USD', words)).toMatchObject([{ net: '1000.00', tax: '100.00' }]);
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });

  it.each([
    ['10.05', '10', 2, '1.01'],
    ['-10.05', '10', 2, '-1.01'],
    ['1005', '10', 0, '101'],
    ['0.004', '10', 3, '0.000'],
    ['0.005', '10', 3, '0.001'],
  ])('of %s at %s %% with %i places is %s [TBL-8]', (net, rate, decimals, tax) => {
    expect(taxOn(Money.parse(net), rate, decimals).toText()).toBe(tax);
  });
});
