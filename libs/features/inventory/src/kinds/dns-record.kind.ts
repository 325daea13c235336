import { idText, optionalText, optionalWholeNumber, record, text } from '#libs/digitalocean';
import { canonicalDomain } from '#libs/kernel';
import { defineKind, hourlyAt, parentRefs } from './kind';

/** Record of a DNS zone, to which it belongs. Source: `GET /v2/domains/:name/records`, zone by zone. Its name is relative to the zone. */
export const dnsRecordKind = defineKind({
  kind: 'dns_record',
  label: 'DNS record',
  urnTypes: ['domainrecord'],
  sync: hourlyAt(19),
  lists: [],
  under: { kind: 'dns_zone', path: (zone) => `/v2/domains/${zone}/records`, key: 'domain_records', tokenShare: 1 / 10 },
  price: { free: 'free of charge' },
  volatileAttrs: [],
  observe: (raw, parentId) => {
    const entry = record(raw, 'domain_record');
    const zone = parentId === undefined ? null : canonicalDomain(parentId);
    return {
      providerId: idText(entry, 'id'),
      name: optionalText(entry, 'name'),
      region: null,
      status: 'active',
      sizeSlug: null,
      attrs: {
        zone,
        type: text(entry, 'type'),
        data: optionalText(entry, 'data'),
        ttl: optionalWholeNumber(entry, 'ttl'),
        priority: optionalWholeNumber(entry, 'priority'),
        port: optionalWholeNumber(entry, 'port'),
        weight: optionalWholeNumber(entry, 'weight'),
        flags: optionalWholeNumber(entry, 'flags'),
        tag: optionalText(entry, 'tag'),
      },
      parents: zone === null ? [] : parentRefs('dns_zone', [zone]),
    };
  },
});
