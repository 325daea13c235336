/** The first words of the query keys that an event makes old, by the first word of its type. `project` is a change without an event. */
export const TOUCHED = {
  resource: [
    'inventory',
    'inventory-summary',
    'resource',
    'resources',
    'ownership-rules',
    'ownership-moves',
    'projects',
    'events',
    'kinds',
    'tenants',
    'me',
  ],
  saga: ['sagas', 'saga', 'saga-timeline', 'bulk-job', 'tenants', 'me'],
  drift: ['drift', 'drift-summary', 'resource', 'events', 'tenants'],
  kind: ['kinds', 'inventory-summary'],
  sweep: ['sweeps', 'sweep', 'sweep-missing', 'kinds', 'inventory-summary'],
  invoice: ['provider-invoices', 'cost-lines', 'pnl', 'invoices', 'billing-runs', 'costs', 'me'],
  tenant_invoice: ['invoices', 'billing-runs', 'pnl', 'payments', 'credit-notes', 'wallets', 'costs', 'tenants', 'me'],
  credit_note: ['credit-notes', 'invoices', 'billing-runs', 'pnl', 'wallets', 'tenants'],
  payment: ['payments', 'invoices', 'billing-runs', 'wallets', 'tenants'],
  tenant: ['tenants', 'tenants-unknown', 'limits', 'billing-profile', 'me'],
  project: ['projects'],
  limit: ['limits'],
  webhook: ['webhooks', 'webhook', 'deliveries'],
  provider: ['provider-budget'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type Subject = keyof typeof TOUCHED;

/** Lists of every event. */
export const ALWAYS = ['all-events', 'audit'];

/** The first words of all query keys that an event of this type makes old. A type of a newer api touches the lists of every event only. Pure. */
export function touchedBy(type: string): readonly string[] {
  const subject = type.split('.')[0] ?? '';
  return [...ALWAYS, ...((TOUCHED as Readonly<Record<string, readonly string[]>>)[subject] ?? [])];
}
