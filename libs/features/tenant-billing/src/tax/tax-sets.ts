import { ValidationFailedError } from '#libs/kernel';
import type { TaxWhen } from '../entities/tax-rule.entity';
import type { TaxResult } from './decide-tax';

/** Rules to start with. They are no advice: the issuer is responsible for the tax of its invoices. */
export const TAX_SETS = ['AU', 'EU'] as const;
export type TaxSet = (typeof TAX_SETS)[number];

export interface ShippedRule extends TaxResult {
  readonly priority: number;
  readonly when: TaxWhen;
}

/** Standard rates of value added tax in the EU, in percent, as of November 2026. */
const VAT: Readonly<Record<string, string>> = {
  AT: '20', BE: '21', BG: '20', CY: '19', CZ: '21', DE: '19', DK: '25', EE: '24', ES: '21', FI: '25.5', FR: '20', GR: '24', HR: '25', HU: '27',
  IE: '23', IT: '22', LT: '21', LU: '17', LV: '21', MT: '18', NL: '21', PL: '23', PT: '23', RO: '21', SE: '25', SI: '22', SK: '23',
}; // prettier-ignore

const PLAIN = { text: null, title: 'Invoice', issuer_tax_id: null, customer_tax_id: false } as const;

const REVERSE_CHARGE = 'Reverse charge: the recipient of the service owes the value added tax (Article 196 of Directive 2006/112/EC).';

/** GST of 10 % on what is sold in Australia; what is sold abroad is free of it. */
const AU: readonly ShippedRule[] = [
  {
    ...PLAIN,
    priority: 20,
    when: { place: 'domestic' },
    category: 'S',
    rate: '10',
    label: 'GST 10 %',
    title: 'Tax invoice',
    issuer_tax_id: 'ABN',
  },
  {
    ...PLAIN,
    priority: 10,
    when: { place: 'abroad' },
    category: 'G',
    rate: '0',
    label: 'GST-free export',
    issuer_tax_id: 'ABN',
  },
];

/**
 * Value added tax of the issuer's country at home and for consumers elsewhere in the EU, reverse charge for businesses there with an id that a register
 * called valid, and none outside of the EU. A business without a valid id pays like a consumer.
 */
const eu = (rate: string): readonly ShippedRule[] => {
  const standard = { ...PLAIN, category: 'S', rate, label: `VAT ${rate} %`, issuer_tax_id: 'VAT' } as const;
  return [
    { ...standard, priority: 40, when: { place: 'domestic' } },
    {
      ...PLAIN,
      priority: 30,
      when: { place: 'other_eu', is_business: true, tax_id: ['valid'] },
      category: 'AE',
      rate: '0',
      label: 'Reverse charge',
      text: REVERSE_CHARGE,
      issuer_tax_id: 'VAT',
      customer_tax_id: true,
    },
    { ...standard, priority: 20, when: { place: 'other_eu' } },
    {
      ...PLAIN,
      priority: 10,
      when: { place: 'outside_eu' },
      category: 'G',
      rate: '0',
      label: 'Export outside the EU, no VAT',
      issuer_tax_id: 'VAT',
    },
  ];
};

/** The rules of a set for an issuer of a country. Throws `ValidationFailedError` when the set is not made for the country. */
export function shippedRules(set: TaxSet, country: string | null): readonly ShippedRule[] {
  if (set === 'AU' && country === 'AU') return AU;
  const rate = set === 'EU' && country !== null ? VAT[country] : undefined;
  if (rate !== undefined) return eu(rate);
  const message = `the set ${set} is not for an issuer in ${country ?? 'an unknown country'}; set the country of the issuer first, or choose another set`;
  throw new ValidationFailedError([{ field: 'set', message }]);
}
