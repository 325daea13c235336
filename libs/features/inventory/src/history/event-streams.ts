import type { AppendOnlyStream } from '#libs/audit';

/** The append-only tables of inventory as the chain covers them: the events, and the record of which months of them were archived. */
export const EVENT_STREAMS: readonly AppendOnlyStream[] = [
  {
    name: 'events',
    table: 'cloud_resource_events',
    columns: 'seq, id, resource_id, tenant_id, type, source, at, changes, sweep_id',
    archivedMonths: 'cloud_event_months',
  },
  { name: 'event_months', table: 'cloud_event_months', columns: 'seq, month, before, events, resources, at, by_whom' },
  { name: 'event_last_values', table: 'cloud_event_last_values', columns: 'seq, month, resource_id, last_values, at' },
];
