import {
  idText,
  idTexts,
  optionalIdText,
  optionalList,
  optionalText,
  optionalTime,
  record,
  text,
  texts,
  type Fields,
} from '#libs/digitalocean';
import { defineKind, keptFields, parentRefs, unordered } from './kind';

/** What traffic may come from or go to. */
const PEERS = ['addresses', 'droplet_ids', 'load_balancer_uids', 'kubernetes_ids', 'tags'];

/**
 * Traffic rules for droplets, which the firewall names by id or by tag. Source: `GET /v2/firewalls`. A firewall cannot be in a project: it
 * belongs to the tenant of its droplets when they share one.
 */
export const firewallKind = defineKind({
  kind: 'firewall',
  label: 'Firewall',
  required: true,
  urnTypes: ['firewall'],
  sync: { queue: 'sync-full', cron: '*/15 * * * *', everyMs: 900_000 },
  lists: [{ path: '/v2/firewalls', key: 'firewalls' }],
  fetch: { path: (id) => `/v2/firewalls/${id}`, key: 'firewall' },
  price: { free: 'free of charge' },
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
        inbound_rules: rules(firewall, 'inbound_rules'),
        outbound_rules: rules(firewall, 'outbound_rules'),
        droplet_ids: dropletIds,
        tags: texts(firewall, 'tags').sort(),
        created_at: optionalTime(firewall, 'created_at'),
      },
      parents: parentRefs('droplet', dropletIds),
    };
  },
});

function rules(firewall: Fields, field: string): unknown[] {
  return unordered(optionalList(firewall, field).map((raw) => ruleOf(record(raw, field))));
}

/** The provider writes `0` for all ports, and always for ICMP; requests may also name them `all` or leave them out for ICMP. */
function ruleOf(rule: Fields): Fields {
  const ports = optionalIdText(rule, 'ports');
  const isAll = ports === null ? optionalText(rule, 'protocol') === 'icmp' : ports === 'all';
  return {
    protocol: rule.protocol,
    ports: isAll ? '0' : ports,
    sources: keptFields(rule.sources, 'sources', PEERS),
    destinations: keptFields(rule.destinations, 'destinations', PEERS),
  };
}
