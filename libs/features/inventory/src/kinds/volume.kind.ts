import { billedAs } from '#libs/catalog';
import { idText, idTexts, optionalText, optionalTime, optionalWholeNumber, record, texts } from '#libs/digitalocean';
import { clusterOf, defineKind, gibOf, regionSlug } from './kind';

/**
 * Block storage volume. Source: `GET /v2/volumes`. Its only state is the droplet it is attached to. Its project can differ from the
 * droplet's. A volume that a cluster made has the tag of the cluster, as its nodes have.
 */
export const volumeKind = defineKind({
  kind: 'volume',
  label: 'Volume',
  required: true,
  urnTypes: ['volume'],
  sync: { queue: 'sync-full', cron: '*/15 * * * *', everyMs: 900_000 },
  lists: [{ path: '/v2/volumes', key: 'volumes' }],
  fetch: { path: (id) => `/v2/volumes/${id}`, key: 'volume' },
  price: { unit: 'gib_month', billedAs: ({ attrs }) => billedAs({ kind: 'volume', gib: gibOf(attrs) }) },
  invoice: { product: 'Volumes', phrases: ['(block storage )?volumes?|(volumes? )?block storage'] },
  actions: { types: ['volume'] },
  volatileAttrs: [],
  observe: (raw) => {
    const volume = record(raw, 'volume');
    const dropletIds = idTexts(volume, 'droplet_ids').sort();
    return {
      providerId: idText(volume, 'id'),
      name: optionalText(volume, 'name'),
      region: regionSlug(volume),
      status: dropletIds.length > 0 ? 'attached' : 'available',
      sizeSlug: null,
      attrs: {
        size_gigabytes: optionalWholeNumber(volume, 'size_gigabytes'),
        description: optionalText(volume, 'description'),
        filesystem_type: optionalText(volume, 'filesystem_type'),
        filesystem_label: optionalText(volume, 'filesystem_label'),
        created_at: optionalTime(volume, 'created_at'),
        droplet_ids: dropletIds,
        tags: texts(volume, 'tags').sort(),
      },
      parents: clusterOf(texts(volume, 'tags')),
    };
  },
});
