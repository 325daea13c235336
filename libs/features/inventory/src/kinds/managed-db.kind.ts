import {
  idText,
  optionalIdText,
  optionalList,
  optionalRecord,
  optionalText,
  optionalTime,
  optionalWholeNumber,
  record,
  text,
  texts,
  type Fields,
} from '#libs/digitalocean';
import { defineKind, EVERY_QUARTER, optionalSlug, unordered } from './kind';

/**
 * Managed database cluster. Source: `GET /v2/databases`, one response for all. The response contains passwords and connection strings: of
 * `connection`, `private_connection` and `users` nothing is kept.
 */
export const managedDbKind = defineKind({
  kind: 'managed_db',
  label: 'Database',
  urnTypes: ['dbaas'],
  sync: EVERY_QUARTER,
  lists: [{ path: '/v2/databases', key: 'databases', unpaged: true }],
  fetch: { path: (id) => `/v2/databases/${id}`, key: 'database' },
  price: { sized: 'all', billedAs: ({ sizeSlug, attrs }) => databaseSize(sizeSlug, attrs.num_nodes) },
  invoice: {
    product: 'Database Clusters',
    phrases: ['(managed )?database( clusters?|s)?|managed (postgresql|mysql|redis|valkey|caching|mongodb|kafka|opensearch)( clusters?)?'],
    namedBy: 'group',
  },
  volatileAttrs: ['supported_until'],
  observe: (raw) => {
    const database = record(raw, 'database');
    return {
      providerId: idText(database, 'id'),
      name: optionalText(database, 'name'),
      region: optionalSlug(database, 'region'),
      status: text(database, 'status'),
      sizeSlug: optionalSlug(database, 'size'),
      attrs: {
        engine: optionalText(database, 'engine'),
        version: optionalText(database, 'version'),
        num_nodes: optionalWholeNumber(database, 'num_nodes'),
        storage_size_mib: optionalWholeNumber(database, 'storage_size_mib'),
        maintenance_window: maintenanceWindow(database),
        trusted_sources: unordered(optionalList(database, 'rules').map(trustedSource)),
        supported_until: optionalTime(database, 'version_end_of_life'),
        created_at: optionalTime(database, 'created_at'),
        tags: texts(database, 'tags').sort(),
        vpc_uuid: optionalIdText(database, 'private_network_uuid'),
        project_id: optionalIdText(database, 'project_id'),
      },
      parents: [],
    };
  },
});

/** A database or replica is billed by its size, once for each node. */
export function databaseSize(size: string | null, nodes: unknown) {
  if (size === null) return undefined;
  return { product: `managed_db:${size}`, units: typeof nodes === 'number' ? String(nodes) : '1', plan: null };
}

function maintenanceWindow(database: Fields) {
  const window = optionalRecord(database.maintenance_window, 'maintenance_window');
  return window && { day: optionalText(window, 'day'), hour: optionalText(window, 'hour') };
}

/** A droplet, tag, address, app or cluster that may connect. */
function trustedSource(raw: unknown) {
  const rule = record(raw, 'rules');
  return { type: optionalText(rule, 'type'), value: optionalText(rule, 'value') };
}
