import { idText, idTexts, optionalList, optionalText, record, text, texts } from '#libs/digitalocean';
import { defineKind } from './kind';
import { parentRefs, unordered } from './observed';

/**
 * Rules for the traffic of droplets, named by id or by tag. Source: `GET /v2/firewalls`. No project can hold it: it is its droplets' tenant's,
 * if they share one.
 */
export const firewallKind = defineKind({
  kind: 'firewall',
  urnTypes: ['firewall'],
  sync: { queue: 'sync-full', cron: '*/15 * * * *', everyMs: 900_000 },
  lists: [{ path: '/v2/firewalls', key: 'firewalls' }],
  fetch: { path: (id) => `/v2/firewalls/${id}`, key: 'firewall' },
  volatileAttrs: [],
  observe: (raw) => {
    const firewall = record(raw, 'firewall');
    const dropletIds = idTexts(firewall, 'droplet_ids').sort();
    return {
      providerId: idText(firewall, 'id'),
      name: optionalText(firewall, 'name'),
      region: null,
      status: text(firewall, 'status'),
      sizeSlug: null,
      attrs: {
        inbound_rules: unordered(optionalList(firewall, 'inbound_rules')),
        outbound_rules: unordered(optionalList(firewall, 'outbound_rules')),
        droplet_ids: dropletIds,
        tags: texts(firewall, 'tags').sort(),
        created_at: optionalText(firewall, 'created_at'),
      },
      parents: parentRefs('droplet', dropletIds),
    };
  },
});
