import { idText, optionalText, optionalTime, record } from '#libs/digitalocean';
import { defineKind, EVERY_QUARTER, optionalSlug } from './kind';

/** Private network. Source: `GET /v2/vpcs`. It belongs to the tenant of its members when they share one. */
export const vpcKind = defineKind({
  kind: 'vpc',
  label: 'Network',
  urnTypes: ['vpc'],
  sync: EVERY_QUARTER,
  lists: [{ path: '/v2/vpcs', key: 'vpcs' }],
  fetch: { path: (id) => `/v2/vpcs/${id}`, key: 'vpc' },
  usedBy: { kinds: ['droplet', 'load_balancer', 'managed_db', 'k8s_cluster', 'app'], attr: 'vpc_uuid' },
  price: { free: 'free of charge' },
  volatileAttrs: [],
  observe: (raw) => {
    const vpc = record(raw, 'vpc');
    return {
      providerId: idText(vpc, 'id'),
      name: optionalText(vpc, 'name'),
      region: optionalSlug(vpc, 'region'),
      status: 'active',
      sizeSlug: null,
      attrs: {
        description: optionalText(vpc, 'description'),
        ip_range: optionalText(vpc, 'ip_range'),
        default: vpc.default === true,
        created_at: optionalTime(vpc, 'created_at'),
      },
      parents: [],
    };
  },
});
