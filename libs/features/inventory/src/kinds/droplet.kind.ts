import {
  idText,
  idTexts,
  optionalIdText,
  optionalList,
  optionalRecord,
  optionalText,
  optionalWholeNumber,
  record,
  text,
  texts,
  type Fields,
} from '#libs/digitalocean';
import { defineKind, regionSlug } from './kind';

/**
 * Virtual machine. Source: `GET /v2/droplets`, which lists GPU machines only when the query asks for them. Only id and status are required:
 * a null in any other field must not hide a machine that costs money.
 */
export const dropletKind = defineKind({
  kind: 'droplet',
  urnTypes: ['droplet'],
  sync: { queue: 'sync-fast', cron: '* * * * *', everyMs: 60_000 },
  lists: [
    { path: '/v2/droplets', query: { type: 'droplets' }, key: 'droplets' },
    { path: '/v2/droplets', query: { type: 'gpus' }, key: 'droplets' },
  ],
  fetch: { path: (providerId) => `/v2/droplets/${providerId}`, key: 'droplet' },
  volatileAttrs: ['backup_ids', 'image', 'next_backup_window', 'snapshot_ids', 'volume_ids'],
  observe: (raw) => {
    const droplet = record(raw, 'droplet');
    return {
      providerId: idText(droplet, 'id'),
      name: optionalText(droplet, 'name'),
      region: regionSlug(droplet),
      status: text(droplet, 'status'),
      sizeSlug: optionalText(droplet, 'size_slug'),
      attrs: {
        memory: optionalWholeNumber(droplet, 'memory'),
        vcpus: optionalWholeNumber(droplet, 'vcpus'),
        disk: optionalWholeNumber(droplet, 'disk'),
        image: imageName(optionalRecord(droplet.image, 'image')),
        created_at: optionalText(droplet, 'created_at'),
        locked: droplet.locked === true,
        features: texts(droplet, 'features').sort(),
        tags: texts(droplet, 'tags').sort(),
        networks: networks(optionalRecord(droplet.networks, 'networks')),
        vpc_uuid: optionalText(droplet, 'vpc_uuid'),
        volume_ids: idTexts(droplet, 'volume_ids').sort(),
        snapshot_ids: idTexts(droplet, 'snapshot_ids').sort(),
        backup_ids: idTexts(droplet, 'backup_ids').sort(),
        next_backup_window: optionalRecord(droplet.next_backup_window, 'next_backup_window'),
      },
      parents: clusterOf(texts(droplet, 'tags')),
    };
  },
});

/** The image's slug, or its id: retired and private images have no slug. */
function imageName(image: Fields | null): string | null {
  return image && (optionalText(image, 'slug') ?? optionalIdText(image, 'id'));
}

/** The addresses, sorted, because the provider does not guarantee their order. A new droplet has `{}` here. */
function networks(all: Fields | null): { v4: Address[]; v6: Address[] } {
  return { v4: addresses(all, 'v4'), v6: addresses(all, 'v6') };
}

interface Address {
  readonly ip_address: string;
  readonly type: string;
}

function addresses(networks: Fields | null, family: 'v4' | 'v6'): Address[] {
  const found = optionalList(networks ?? {}, family).map((one) => {
    const network = record(one, family);
    return { ip_address: text(network, 'ip_address'), type: text(network, 'type') };
  });
  return found.sort((a, b) => (a.type + a.ip_address < b.type + b.ip_address ? -1 : 1));
}

/** The cluster of a Kubernetes worker node, which carries the tag `k8s:<cluster id>`. The node belongs to the cluster's tenant. */
function clusterOf(tags: readonly string[]): string[] {
  return tags.filter((tag) => /^k8s:[0-9a-f-]{36}$/.test(tag)).map((tag) => `k8s_cluster/${tag.slice('k8s:'.length)}`);
}
