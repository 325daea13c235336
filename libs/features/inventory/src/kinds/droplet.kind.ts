import { billedAs } from '#libs/catalog';
import {
  idText,
  idTexts,
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
import { canonicalAddress } from '#libs/kernel';
import { clusterOf, defineKind, optionalSlug, regionSlug } from './kind';

/**
 * Virtual machine. Source: `GET /v2/droplets`, which lists GPU machines only when the query asks for them. Only id and status are required:
 * a null in any other field must not hide a machine that costs money.
 */
export const dropletKind = defineKind({
  kind: 'droplet',
  label: 'Droplet',
  required: true,
  urnTypes: ['droplet'],
  sync: { queue: 'sync-fast', cron: '* * * * *', everyMs: 60_000 },
  lists: [
    { path: '/v2/droplets', query: { type: 'droplets' }, key: 'droplets' },
    { path: '/v2/droplets', query: { type: 'gpus' }, key: 'droplets' },
  ],
  fetch: { path: (providerId) => `/v2/droplets/${providerId}`, key: 'droplet' },
  price: {
    sized: 'all',
    // The list shows whether a droplet has backups, but not their plan.
    billedAs: ({ sizeSlug, attrs: { features } }) =>
      billedAs({ kind: 'droplet', sizeSlug, backups: Array.isArray(features) && features.includes('backups') ? 'unknown' : null }),
  },
  invoice: {
    product: 'Droplets',
    phrases: ['((basic|gpu|premium|regular|general purpose|(cpu|memory|storage)[ -]optimized) )?droplets?'],
  },
  actions: { types: ['droplet'] },
  volatileAttrs: ['backup_ids', 'image', 'image_id', 'next_backup_window', 'snapshot_ids', 'volume_ids'],
  observe: (raw) => {
    const droplet = record(raw, 'droplet');
    const image = optionalRecord(droplet.image, 'image');
    return {
      providerId: idText(droplet, 'id'),
      name: optionalText(droplet, 'name'),
      region: regionSlug(droplet),
      status: text(droplet, 'status'),
      sizeSlug: optionalSlug(droplet, 'size_slug'),
      attrs: {
        memory: optionalWholeNumber(droplet, 'memory'),
        vcpus: optionalWholeNumber(droplet, 'vcpus'),
        disk: optionalWholeNumber(droplet, 'disk'),
        image: imageName(image),
        image_id: image && optionalIdText(image, 'id'), // an order may name the image by it, although the image has a slug
        created_at: optionalTime(droplet, 'created_at'),
        locked: droplet.locked === true,
        features: texts(droplet, 'features').sort(),
        tags: texts(droplet, 'tags').sort(),
        networks: networks(optionalRecord(droplet.networks, 'networks')),
        vpc_uuid: optionalIdText(droplet, 'vpc_uuid'),
        volume_ids: idTexts(droplet, 'volume_ids').sort(),
        snapshot_ids: idTexts(droplet, 'snapshot_ids').sort(),
        backup_ids: idTexts(droplet, 'backup_ids').sort(),
        next_backup_window: backupWindow(optionalRecord(droplet.next_backup_window, 'next_backup_window')),
      },
      parents: clusterOf(texts(droplet, 'tags')),
    };
  },
});

/** The image's slug, or its id: retired and private images have no slug. */
function imageName(image: Fields | null): string | null {
  return image && (optionalSlug(image, 'slug') ?? optionalIdText(image, 'id'));
}

function backupWindow(window: Fields | null): { start: string | null; end: string | null } | null {
  return window && { start: optionalTime(window, 'start'), end: optionalTime(window, 'end') };
}

/** The addresses, sorted, because the provider does not guarantee their order. A new droplet has `{}` here. */
function networks(all: Fields | null): { v4: Address[]; v6: Address[] } {
  return { v4: addresses(all, 'v4'), v6: addresses(all, 'v6') };
}

interface Address {
  readonly ip_address: string;
  readonly type: string | null;
}

function addresses(networks: Fields | null, family: 'v4' | 'v6'): Address[] {
  const found = optionalList(networks ?? {}, family).flatMap((one) => {
    const network = record(one, family);
    const address = optionalText(network, 'ip_address');
    return address === null ? [] : [{ ip_address: canonicalAddress(address), type: optionalText(network, 'type') }];
  });
  const keyOf = ({ type, ip_address }: Address) => `${type} ${ip_address}`;
  return found.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}
