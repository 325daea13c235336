import { billedAs } from '#libs/catalog';
import { idText, optionalIdText, optionalRecord, record } from '#libs/digitalocean';
import { canonicalAddress } from '#libs/kernel';
import { defineKind, regionSlug } from './kind';

/**
 * IPv4 address reserved for the account. Since 2022 the provider calls it a reserved IP and lists the same objects under both names; this
 * kind reads one of them. Its id is the address. An unassigned address costs money. Source: `GET /v2/reserved_ips`, with the project's id.
 */
export const floatingIpKind = defineKind({
  kind: 'floating_ip',
  label: 'Reserved IP',
  required: true,
  urnTypes: ['floatingip', 'reservedip'],
  sync: { queue: 'sync-full', cron: '*/15 * * * *', everyMs: 900_000 },
  lists: [{ path: '/v2/reserved_ips', key: 'reserved_ips' }],
  fetch: { path: (ip) => `/v2/reserved_ips/${ip}`, key: 'reserved_ip' },
  price: {
    billedAs: ({ status }) => billedAs({ kind: 'floating_ip', assigned: status === 'assigned' }),
    freeUnits: 'free while assigned to a droplet',
  },
  invoice: {
    product: 'Floating IPs',
    phrases: ['((unused|unassigned) )?(floating|reserved) ips?(v4s?)?( address(es)?)?'],
    address: /\b\d{1,3}(?:\.\d{1,3}){3}\b/,
  },
  actions: { types: ['floating_ip', 'reserved_ip'], idOf: addressOfNumber },
  volatileAttrs: [],
  idField: 'ip',
  canonicalId: canonicalAddress,
  observe: (raw) => {
    const address = record(raw, 'reserved_ip');
    const ip = canonicalAddress(idText(address, 'ip'));
    const droplet = optionalRecord(address.droplet, 'droplet');
    const dropletId = droplet && optionalIdText(droplet, 'id');
    return {
      providerId: ip,
      name: ip,
      region: regionSlug(address),
      status: dropletId === null ? 'unassigned' : 'assigned',
      sizeSlug: null,
      attrs: {
        ip,
        droplet_id: dropletId,
        locked: address.locked === true,
        project_id: optionalIdText(address, 'project_id'),
      },
      parents: [],
    };
  },
});

/** The action feed writes an IPv4 address as one number. */
function addressOfNumber(id: unknown): string | null {
  const number = Number(id);
  if (!Number.isInteger(number)) return null;
  return [24, 16, 8, 0].map((bits) => Math.floor(number / 2 ** bits) % 256).join('.');
}
