import { idText, optionalIdText, optionalRecord, record } from '#libs/digitalocean';
import { canonicalAddress } from '#libs/kernel';
import { defineKind, regionSlug } from './kind';

/**
 * IPv4 address reserved for the account. Since 2022 the provider calls it a reserved IP and lists the same objects under both names; this
 * kind reads one of them. Its id is the address. An unassigned address costs money. Source: `GET /v2/reserved_ips`, with the project's id.
 */
export const floatingIpKind = defineKind({
  kind: 'floating_ip',
  urnTypes: ['floatingip', 'reservedip'],
  sync: { queue: 'sync-full', cron: '*/15 * * * *', everyMs: 900_000 },
  lists: [{ path: '/v2/reserved_ips', key: 'reserved_ips' }],
  fetch: { path: (ip) => `/v2/reserved_ips/${ip}`, key: 'reserved_ip' },
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
