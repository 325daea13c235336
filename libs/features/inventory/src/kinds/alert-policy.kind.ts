import { idText, idTexts, optionalDecimal, optionalText, record, texts } from '#libs/digitalocean';
import { defineKind, hourlyAt, parentRefs } from './kind';

/**
 * Rule that alerts about a metric. Source: `GET /v2/monitoring/alerts`. It belongs to the tenant of its droplets when they share one. The
 * receivers are not kept: the address of a Slack channel is a secret.
 */
export const alertPolicyKind = defineKind({
  kind: 'alert_policy',
  label: 'Alert policy',
  urnTypes: ['alertpolicy'],
  sync: hourlyAt(47),
  lists: [{ path: '/v2/monitoring/alerts', key: 'policies' }],
  fetch: { path: (id) => `/v2/monitoring/alerts/${id}`, key: 'policy' },
  price: { free: 'free of charge' },
  volatileAttrs: [],
  idField: 'uuid',
  observe: (raw) => {
    const policy = record(raw, 'policy');
    const type = optionalText(policy, 'type');
    const entities = idTexts(policy, 'entities').sort();
    return {
      providerId: idText(policy, 'uuid'),
      name: optionalText(policy, 'description'),
      region: null,
      status: policy.enabled === false ? 'disabled' : 'enabled',
      sizeSlug: null,
      attrs: {
        type,
        compare: optionalText(policy, 'compare'),
        value: optionalDecimal(policy, 'value'),
        window: optionalText(policy, 'window'),
        entities,
        tags: texts(policy, 'tags').sort(),
      },
      parents: parentRefs(entityKind(type), entities),
    };
  },
});

/** Types begin with `v1/insights/droplet`, `v1/insights/lbaas` or `v1/dbaas`. */
function entityKind(type: string | null): string {
  if (type?.includes('lbaas') === true) return 'load_balancer';
  return type?.includes('dbaas') === true ? 'managed_db' : 'droplet';
}
