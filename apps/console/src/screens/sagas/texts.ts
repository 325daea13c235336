/** Every text of the list of sagas. Tenants read "request". */
export const TEXTS = {
  title: 'Sagas',
  mine: 'My requests',
  order: 'Order',
  heads: {
    what: 'What',
    state: 'State',
    why: 'Why it waits or stopped',
    step: 'Step',
    tenant: 'Tenant',
    by: 'Asked by',
    started: 'Started',
    took: 'Took',
  },
  filters: { kind: 'what', status: 'state', tenant_id: 'tenant', created_by: 'asked by' },
  views: { all: 'All', open: 'Open', failed: 'Need a decision' },
  empty: { title: 'No sagas match', hint: 'A saga is one change of several steps, such as an order. Start one with Order.' },
  emptyTenant: { title: 'No requests yet', hint: 'What you order or change appears here, step by step.' },
  stepOf: (done: number, of: number) => `${done} of ${of}`,
};
