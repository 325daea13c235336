import { idText, optionalIdText, optionalRecord, optionalTime, record } from '#libs/digitalocean';
import { canonicalAddress } from '#libs/kernel';
import { defineKind, EVERY_QUARTER, optionalSlug, parentRefs } from './kind';

/** IPv6 address reserved for the account. Source: `GET /v2/reserved_ipv6`. Its id is the address. */
export const reservedIpv6Kind = defineKind({
  kind: 'reserved_ipv6',
  label: 'Reserved IPv6',
  urnTypes: ['reservedipv6', 'floatingipv6'],
  sync: EVERY_QUARTER,
  lists: [{ path: '/v2/reserved_ipv6', key: 'reserved_ipv6s' }],
  fetch: { path: (ip) => `/v2/reserved_ipv6/${ip}`, key: 'reserved_ipv6' },
  price: { free: 'free of charge' },
  invoice: {
    product: 'Reserved IPv6',
    phrases: ['((unused|unassigned) )?(floating|reserved) ipv6( address(es)?)?s?'],
    address: /\b[0-9a-f]{1,4}(?::[0-9a-f]{0,4}){2,7}\b/i,
  },
  volatileAttrs: [],
  idField: 'ip',
  canonicalId: canonicalAddress,
  observe: (raw) => {
    const address = record(raw, 'reserved_ipv6');
    const ip = canonicalAddress(idText(address, 'ip'));
    const droplet = optionalRecord(address.droplet, 'droplet');
    const dropletId = droplet && optionalIdText(droplet, 'id');
    return {
      providerId: ip,
      name: ip,
      region: optionalSlug(address, 'region_slug'),
      status: dropletId === null ? 'unassigned' : 'assigned',
      sizeSlug: null,
      attrs: { ip, droplet_id: dropletId, reserved_at: optionalTime(address, 'reserved_at') },
      parents: dropletId === null ? [] : parentRefs('droplet', [dropletId]),
    };
  },
});
