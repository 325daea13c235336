import { billedAs } from '#libs/catalog';
import {
  idText,
  idTexts,
  optionalIdText,
  optionalList,
  optionalText,
  optionalTime,
  optionalWholeNumber,
  record,
  text,
  type Fields,
} from '#libs/digitalocean';
import { canonicalAddress, canonicalValue } from '#libs/kernel';
import { defineKind, keptFields, optionalSlug, parentRefs, regionSlug, unordered } from './kind';

const RULE = ['entry_protocol', 'entry_port', 'target_protocol', 'target_port', 'certificate_id', 'tls_passthrough'];
const THRESHOLDS = ['check_interval_seconds', 'response_timeout_seconds', 'unhealthy_threshold', 'healthy_threshold'];
const HEALTH_CHECK = ['protocol', 'port', 'path', ...THRESHOLDS];
const STICKY_SESSIONS = ['type', 'cookie_name', 'cookie_ttl_seconds'];

/** Load balancer, regional or global (a global one has region null). Source: `GET /v2/load_balancers`, with the project's id. */
export const loadBalancerKind = defineKind({
  kind: 'load_balancer',
  label: 'Load balancer',
  required: true,
  urnTypes: ['loadbalancer'],
  sync: { queue: 'sync-full', cron: '*/15 * * * *', everyMs: 900_000 },
  lists: [{ path: '/v2/load_balancers', key: 'load_balancers' }],
  fetch: { path: (id) => `/v2/load_balancers/${id}`, key: 'load_balancer' },
  price: {
    unit: 'node_month',
    billedAs: ({ sizeSlug, attrs: { size_unit: nodes } }) =>
      billedAs({ kind: 'load_balancer', sizeSlug, nodes: typeof nodes === 'number' ? nodes : null }),
  },
  invoice: { product: 'Load Balancers', phrases: ['((global|regional|network|internal) )?load balancers?'] },
  volatileAttrs: [],
  observe: (raw) => {
    const balancer = record(raw, 'load_balancer');
    const dropletIds = idTexts(balancer, 'droplet_ids').sort();
    return {
      providerId: idText(balancer, 'id'),
      name: optionalText(balancer, 'name'),
      region: regionSlug(balancer),
      status: text(balancer, 'status'),
      sizeSlug: optionalSlug(balancer, 'size'),
      attrs: {
        ip: optionalAddress(balancer, 'ip'), // '' until the provider has assigned one
        ipv6: optionalAddress(balancer, 'ipv6'),
        type: optionalText(balancer, 'type'),
        network: optionalText(balancer, 'network'),
        algorithm: optionalText(balancer, 'algorithm'),
        size_unit: optionalWholeNumber(balancer, 'size_unit'),
        forwarding_rules: unordered(optionalList(balancer, 'forwarding_rules').map((rule) => keptFields(rule, 'forwarding_rules', RULE))),
        health_check: canonicalValue(keptFields(balancer.health_check, 'health_check', HEALTH_CHECK)),
        sticky_sessions: canonicalValue(keptFields(balancer.sticky_sessions, 'sticky_sessions', STICKY_SESSIONS)),
        redirect_http_to_https: balancer.redirect_http_to_https === true,
        droplet_ids: dropletIds,
        tag: optionalText(balancer, 'tag'),
        certificate_ids: certificatesOf(balancer),
        vpc_uuid: optionalIdText(balancer, 'vpc_uuid'),
        project_id: optionalIdText(balancer, 'project_id'),
        created_at: optionalTime(balancer, 'created_at'),
      },
      parents: parentRefs('droplet', dropletIds),
    };
  },
});

function optionalAddress(from: Fields, field: string): string | null {
  const written = optionalText(from, field);
  return written && canonicalAddress(written);
}

/** The certificates of its HTTPS rules. */
function certificatesOf(balancer: Fields): string[] {
  const ids = optionalList(balancer, 'forwarding_rules').map((rule) => optionalIdText(record(rule, 'forwarding_rules'), 'certificate_id'));
  return [...new Set(ids.filter((id) => id !== null))].sort();
}
