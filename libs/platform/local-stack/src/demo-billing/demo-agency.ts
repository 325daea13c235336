/** Who sells in the demo. The countries and tax ids show each rule of the set EU once; no name is that of a real company. */
export const ISSUER = {
  name: 'Lowland Hosting B.V.',
  address: 'Keizersgracht 1\n1015 CJ Amsterdam',
  country: 'NL',
  tax_ids: [{ kind: 'VAT', id: 'NL001234567B01' }],
  bank_text: 'IBAN NL00 DEMO 0123 4567 89\nPlease name the number of the invoice.',
  grace_days: 0, // the demo reads two years of invoices on its first day
} as const;

const valid = (id: string) => ({
  tax_id: id,
  tax_id_evidence: { checked_at: '2024-10-01T09:00:00Z', source: 'VIES', answer: 'valid' },
});

/** The billing profiles of the tenants of the demo, without those fields that all have. */
export const PROFILES: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  acme: { legal_name: 'Acme Stores GmbH', address: 'Torstraße 1\n10119 Berlin', country: 'DE', is_business: true, ...valid('DE123456789') },
  bluebird: { legal_name: 'Bluebird Travel SARL', address: '1 rue du Lac\n69003 Lyon', country: 'FR', is_business: true, tax_id: 'FR00123456789' },
  cedarworks: { legal_name: 'Cedarworks Ltd', address: '1 Mill Lane\nLeeds LS1 4AP', country: 'GB', is_business: true, purchase_order: 'PO 2024-77' },
  dunelabs: { legal_name: 'Dune Labs B.V.', address: 'Strandweg 3\n2586 JW Den Haag', country: 'NL', is_business: true, currency: 'EUR' },
  evergreen: { legal_name: 'Κλινικές Αειθαλής Α.Ε.', address: 'Οδός Ερμού 5\n105 63 Αθήνα', country: 'GR', is_business: true, ...valid('EL123456789') },
  foxglove: { legal_name: 'Foxglove Press B.V.', address: 'Oudegracht 20\n3511 AP Utrecht', country: 'NL', is_business: true },
  granite: { legal_name: 'Kancelaria Granit Sp. z o.o.', address: 'ul. Świętokrzyska 7\n00-001 Łódź', country: 'PL', is_business: true, ...valid('PL1234567890') },
  harbour: { legal_name: 'Harbour Logistics GmbH', address: 'Hafenstraße 2\n4020 Linz', country: 'AT', is_business: true },
  ironbark: { legal_name: 'Ironbark Mining Pty Ltd', address: '4 Hay Street\nPerth WA 6000', country: 'AU', is_business: true },
  juniper: { legal_name: 'Juniper & Co', address: 'Dorpsstraat 9\n3811 AA Amersfoort', country: 'NL', is_business: false, net_days: 60 },
  kestrel: { legal_name: 'Кестрел Аеро ЕООД', address: 'бул. Витоша 10\n1000 София', country: 'BG', is_business: true, ...valid('BG123456789') },
  lumen: { legal_name: 'Lumen Studio V.O.F.', address: 'Singel 40\n1015 AB Amsterdam', country: 'NL', is_business: true },
}; // prettier-ignore

const DROPLETS = [
  ['s-1vcpu-*', '15.00'],
  ['s-2vcpu-*', '35.00'],
  ['s-4vcpu-*', '75.00'],
] as const;

/** Two cards beside the installed "Pass-through", which the other tenants keep. `last`: valid in so many months of the demo, all unless given. */
export const CARDS = [
  {
    name: 'Plus 20',
    tenants: ['bluebird', 'cedarworks', 'evergreen', 'foxglove'],
    rates: [{ model: { type: 'cost_plus', percent: '20' } }],
  },
  {
    name: 'Fixed prices',
    tenants: ['acme', 'harbour', 'juniper', 'lumen'],
    last: 12,
    rates: [
      ...DROPLETS.map(([sku, price]) => ({
        selector: { kind: 'droplet', sku },
        model: { type: 'fixed_per_sku', price, unit: 'month', proration: 'day' },
      })),
      { model: { type: 'cost_plus', percent: '25' } },
    ],
    monthly: { minimum_commitment: '50' },
  },
] as const;

/** Account-wide lines and what belongs to no tenant, such as the shared machines of the agency, are split among all. */
export const POOLS = [
  { pool: 'account_wide', method: 'even' },
  { pool: 'unattributed', method: 'proportional' },
] as const;

/** As installed. While the history is written, no reminder is asked for invoices that are about to be paid. */
export const DUNNING = [
  { after_days: 3, action: 'remind' },
  { after_days: 10, action: 'notify_admin' },
  { after_days: 21, action: 'block_orders' },
] as const;

/** What happens in the last month that is issued. */
export const STORY = {
  /** Pays nothing of it. */
  overdue: 'lumen',
  /** Pays half of it, and has time. */
  slow: 'juniper',
  /** Half of its largest line is credited. */
  credited: 'bluebird',
  /** A machine that another tenant takes over in the middle of the month. */
  moved: { resource: 'harbour-app-01', from: 'harbour', to: 'ironbark' },
} as const;
