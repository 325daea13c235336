import { idText, optionalDecimal, optionalText, optionalTime, optionalWholeNumber, record, texts } from '#libs/digitalocean';
import { defineKind } from './kind';

/**
 * Automatic backup of a droplet: a private image of type `backup`. Source: `GET /v2/images?private=true`, one list for all droplets. The
 * image does not name its droplet; the droplet names its backups (`backup_ids`). Snapshots and custom images in that list are other kinds.
 */
export const dropletBackupKind = defineKind({
  kind: 'droplet_backup',
  label: 'Backup',
  required: true,
  urnTypes: ['image'],
  sync: { queue: 'sync-slow', cron: '41 * * * *', everyMs: 3_600_000 },
  lists: [{ path: '/v2/images', query: { private: 'true' }, key: 'images', includes: (raw) => record(raw, 'image').type === 'backup' }],
  fetch: { path: (id) => `/v2/images/${id}`, key: 'image' },
  namedBy: { kind: 'droplet', attr: 'backup_ids', list: { path: (id) => `/v2/droplets/${id}/backups`, key: 'backups' } },
  readsBackupPolicies: true,
  price: { free: 'carried by the price of its droplet' },
  invoice: { product: 'Droplet Backups', phrases: ['((gpu )?droplet )?backups?'] },
  volatileAttrs: [],
  observe: (raw) => {
    const image = record(raw, 'image');
    const regions = texts(image, 'regions').sort();
    return {
      providerId: idText(image, 'id'),
      name: optionalText(image, 'name'),
      region: regions.length === 1 ? (regions[0] ?? null) : null,
      status: optionalText(image, 'status') ?? 'available',
      sizeSlug: null,
      attrs: {
        distribution: optionalText(image, 'distribution'),
        regions,
        min_disk_size: optionalWholeNumber(image, 'min_disk_size'),
        size_gigabytes: optionalDecimal(image, 'size_gigabytes'),
        created_at: optionalTime(image, 'created_at'),
      },
      parents: [],
    };
  },
});
