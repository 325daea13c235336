import { idText, optionalWholeNumber, record } from '#libs/digitalocean';
import { canonicalDomain } from '#libs/kernel';
import { defineKind } from './kind';

/** Domain that the provider's name servers answer for. Source: `GET /v2/domains`. The zone file is not kept: it repeats the records. */
export const dnsZoneKind = defineKind({
  kind: 'dns_zone',
  label: 'DNS zone',
  required: true,
  urnTypes: ['domain'],
  sync: { queue: 'sync-full', cron: '*/15 * * * *', everyMs: 900_000 },
  lists: [{ path: '/v2/domains', key: 'domains' }],
  fetch: { path: (name) => `/v2/domains/${name}`, key: 'domain' },
  price: { free: 'free of charge' },
  volatileAttrs: [],
  idField: 'name',
  canonicalId: canonicalDomain,
  observe: (raw) => {
    const zone = record(raw, 'domain');
    const name = canonicalDomain(idText(zone, 'name'));
    return {
      providerId: name,
      name,
      region: null,
      status: 'active',
      sizeSlug: null,
      attrs: { ttl: optionalWholeNumber(zone, 'ttl') },
      parents: [],
    };
  },
});
