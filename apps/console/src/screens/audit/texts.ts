/** Every text of the audit log. */
export const TEXTS = {
  title: 'Audit',
  sub: 'Who changed what, and why. Entries are added and never changed; a hash chain proves it.',
  csv: 'CSV',
  heads: { what: 'What', on: 'On', by: 'By', tenant: 'Tenant', reason: 'Reason', request: 'Request', at: 'When' },
  filters: { actor: 'by', action: 'what', target_type: 'on', tenant_id: 'tenant', request_id: 'request' },
  empty: { title: 'No entries match', hint: 'Every change by a person leaves an entry here.' },
};
