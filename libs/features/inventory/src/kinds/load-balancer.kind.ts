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
} from '#libs/digitalocean';
import { defineKind, parentRefs, regionSlug, unordered } from './kind';

/** Load balancer, regional or global (a global one has region null). Source: `GET /v2/load_balancers`, with the project's id. */
export const loadBalancerKind = defineKind({
  kind: 'load_balancer',
  urnTypes: ['loadbalancer'],
  sync: { queue: 'sync-full', cron: '*/15 * * * *', everyMs: 900_000 },
  lists: [{ path: '/v2/load_balancers', key: 'load_balancers' }],
  fetch: { path: (id) => `/v2/load_balancers/${id}`, key: 'load_balancer' },
  volatileAttrs: [],
  observe: (raw) => {
    const balancer = record(raw, 'load_balancer');
    const dropletIds = idTexts(balancer, 'droplet_ids').sort();
    return {
      providerId: idText(balancer, 'id'),
      name: optionalText(balancer, 'name'),
      region: regionSlug(balancer),
      status: text(balancer, 'status'),
      sizeSlug: optionalText(balancer, 'size'),
      attrs: {
        ip: optionalText(balancer, 'ip') || null, // '' until the provider has assigned one
        ipv6: optionalText(balancer, 'ipv6') || null,
        type: optionalText(balancer, 'type'),
        network: optionalText(balancer, 'network'),
        algorithm: optionalText(balancer, 'algorithm'),
        size_unit: optionalWholeNumber(balancer, 'size_unit'),
        forwarding_rules: unordered(optionalList(balancer, 'forwarding_rules')),
        health_check: optionalRecord(balancer.health_check, 'health_check'),
        sticky_sessions: optionalRecord(balancer.sticky_sessions, 'sticky_sessions'),
        redirect_http_to_https: balancer.redirect_http_to_https === true,
        droplet_ids: dropletIds,
        tag: optionalText(balancer, 'tag') || null,
        vpc_uuid: optionalIdText(balancer, 'vpc_uuid'),
        project_id: optionalText(balancer, 'project_id') || null,
        created_at: optionalText(balancer, 'created_at'),
      },
      parents: parentRefs('droplet', dropletIds),
    };
  },
});
