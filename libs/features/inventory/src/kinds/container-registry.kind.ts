import { idText, optionalDecimal, optionalRecord, optionalTime, record, type Fields } from '#libs/digitalocean';
import { defineKind, EVERY_QUARTER, optionalSlug } from './kind';

/** Registry of container images. Source: `GET /v2/registries`, or `GET /v2/registry` where an account may have one only. Its id is its name. The subscription covers all registries of the account. */
export const containerRegistryKind = defineKind({
  kind: 'container_registry',
  label: 'Container registry',
  urnTypes: ['containerregistry'],
  sync: EVERY_QUARTER,
  lists: [{ path: '/v2/registries', key: 'registries', unpaged: true, orOne: { path: '/v2/registry', key: 'registry' } }],
  fetch: { path: (name) => `/v2/registries/${name}`, key: 'registry' },
  price: {
    sized: 'all',
    billedAs: ({ attrs: { tier } }) =>
      typeof tier === 'string' ? { product: `container_registry:${tier}`, units: '1', plan: null } : undefined,
  },
  volatileAttrs: ['storage_usage_bytes'],
  idField: 'name',
  observe: (raw) => {
    const registry = record(raw, 'registry');
    const name = idText(registry, 'name');
    return {
      providerId: name,
      name,
      region: optionalSlug(registry, 'region'),
      status: 'active',
      sizeSlug: null,
      attrs: {
        tier: tierOf(optionalRecord(registry.subscription, 'subscription')),
        storage_usage_bytes: optionalDecimal(registry, 'storage_usage_bytes'),
        created_at: optionalTime(registry, 'created_at'),
      },
      parents: [],
    };
  },
});

function tierOf(subscription: Fields | null): string | null {
  const tier = subscription && optionalRecord(subscription.tier, 'tier');
  return tier && optionalSlug(tier, 'slug');
}
