/** Every text of the events page. */
export const TEXTS = {
  title: 'Events',
  sub: 'What happened, in the order in which it was recorded.',
  csv: 'CSV',
  spans: { hour: 'Last hour', night: 'Last night', day: 'Last day', week: 'Last week' },
  heads: { what: 'What', on: 'On', change: 'Change', tenant: 'Tenant', by: 'By', at: 'When' },
  filters: { type: 'type', kind: 'kind', tenant_id: 'tenant', actor: 'by' },
  sources: { sweep: 'seen by a sweep', saga: 'by a request', admin: 'by an operator' } as Readonly<Record<string, string>>,
  ownSources: { sweep: 'seen at the provider' } as Readonly<Record<string, string>>,
  empty: { title: 'Nothing happened in this time', hint: 'Choose a longer time.' },
};
