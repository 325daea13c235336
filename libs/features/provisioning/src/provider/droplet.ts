import { idText, idTexts, optionalList, optionalRecord, optionalText, optionalWholeNumber, record, text, texts } from '#libs/digitalocean';

/** What our steps read of a droplet. */
export interface Droplet {
  readonly id: string;
  readonly name: string | null;
  readonly status: string;
  readonly sizeSlug: string | null;
  readonly diskGb: number;
  readonly publicIpv4: string | null;
  readonly tags: readonly string[];
  /** E.g. `backups`, `ipv6`. */
  readonly features: readonly string[];
  /** The images that its backups are. */
  readonly backupIds: readonly string[];
  readonly createdAt: string | null;
  /** As the provider answered it: for the inventory. */
  readonly raw: unknown;
}

export function parseDroplet(raw: unknown): Droplet {
  const droplet = record(raw, 'droplet');
  const v4 = optionalList(optionalRecord(droplet.networks, 'networks') ?? {}, 'v4').map((one) => record(one, 'v4'));
  const open = v4.find((network) => network.type === 'public');
  return {
    id: idText(droplet, 'id'),
    name: optionalText(droplet, 'name'),
    status: text(droplet, 'status'),
    sizeSlug: optionalText(droplet, 'size_slug'),
    diskGb: optionalWholeNumber(droplet, 'disk') ?? 0,
    publicIpv4: open ? text(open, 'ip_address') : null,
    tags: texts(droplet, 'tags'),
    features: texts(droplet, 'features'),
    backupIds: idTexts(droplet, 'backup_ids'),
    createdAt: optionalText(droplet, 'created_at'),
    raw,
  };
}
