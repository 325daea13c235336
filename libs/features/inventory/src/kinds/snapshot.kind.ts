import { billedAs } from '#libs/catalog';
import {
  idText,
  optionalDecimal,
  optionalIdText,
  optionalText,
  optionalTime,
  optionalWholeNumber,
  record,
  text,
  texts,
} from '#libs/digitalocean';
import { defineKind, gibOf, parentRefs } from './kind';

/** The URN type by the kind of the snapshot's source: projects list a droplet snapshot as an image. */
const URN_TYPE_OF: Readonly<Record<string, string>> = { droplet: 'image', volume: 'volumesnapshot' };

/**
 * Snapshot of a droplet or of a volume, by `resource_type`. Source: `GET /v2/snapshots`, which lists both. The resource it was taken from
 * may have been deleted.
 */
export const snapshotKind = defineKind({
  kind: 'snapshot',
  label: 'Snapshot',
  required: true,
  urnTypes: ['image', 'volumesnapshot'],
  sync: { queue: 'sync-slow', cron: '33 * * * *', everyMs: 3_600_000 },
  lists: [{ path: '/v2/snapshots', key: 'snapshots' }],
  fetch: { path: (id) => `/v2/snapshots/${id}`, key: 'snapshot' },
  price: { unit: 'gib_month', billedAs: ({ attrs }) => billedAs({ kind: 'snapshot', gib: gibOf(attrs) }) },
  invoice: { product: 'Droplet Snapshots', phrases: ['((droplet|volume|image) )?snapshots?'] },
  actions: { types: ['image'] },
  volatileAttrs: [],
  observe: (raw) => {
    const snapshot = record(raw, 'snapshot');
    const resourceType = text(snapshot, 'resource_type');
    const resourceId = optionalIdText(snapshot, 'resource_id');
    const regions = texts(snapshot, 'regions').sort();
    return {
      providerId: idText(snapshot, 'id'),
      urnType: URN_TYPE_OF[resourceType],
      name: optionalText(snapshot, 'name'),
      region: regions.length === 1 ? (regions[0] ?? null) : null,
      status: 'available',
      sizeSlug: null,
      attrs: {
        resource_type: resourceType,
        resource_id: resourceId,
        regions,
        min_disk_size: optionalWholeNumber(snapshot, 'min_disk_size'),
        size_gigabytes: optionalDecimal(snapshot, 'size_gigabytes'),
        created_at: optionalTime(snapshot, 'created_at'),
        tags: texts(snapshot, 'tags').sort(),
      },
      parents: resourceId === null ? [] : parentRefs(resourceType, [resourceId]),
    };
  },
});
