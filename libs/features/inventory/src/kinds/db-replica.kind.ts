import { idText, optionalIdText, optionalText, optionalTime, optionalWholeNumber, record, texts } from '#libs/digitalocean';
import { defineKind, hourlyAt, optionalSlug, parentRefs } from './kind';
import { databaseSize } from './managed-db.kind';

/** Read-only copy of a database. Source: `GET /v2/databases/:id/replicas`. It belongs to its primary. The connections are not kept. */
export const dbReplicaKind = defineKind({
  kind: 'db_replica',
  label: 'Database replica',
  urnTypes: ['dbreplica'],
  sync: hourlyAt(3),
  lists: [],
  under: { kind: 'managed_db', path: (id) => `/v2/databases/${id}/replicas`, key: 'replicas', unpaged: true, tokenShare: 1 / 20 },
  price: { product: 'managed_db', sized: 'all', billedAs: ({ sizeSlug }) => databaseSize(sizeSlug, 1) },
  invoice: { product: 'Database Replicas', phrases: ['(managed )?database (read[- ]only )?replicas?'] },
  volatileAttrs: [],
  observe: (raw, parentId) => {
    const replica = record(raw, 'replica');
    return {
      providerId: idText(replica, 'id'),
      name: optionalText(replica, 'name'),
      region: optionalSlug(replica, 'region'),
      status: optionalText(replica, 'status') ?? 'active',
      sizeSlug: optionalSlug(replica, 'size'),
      attrs: {
        primary_id: parentId ?? null,
        storage_size_mib: optionalWholeNumber(replica, 'storage_size_mib'),
        created_at: optionalTime(replica, 'created_at'),
        tags: texts(replica, 'tags').sort(),
        vpc_uuid: optionalIdText(replica, 'private_network_uuid'),
      },
      parents: parentId === undefined ? [] : parentRefs('managed_db', [parentId]),
    };
  },
});
