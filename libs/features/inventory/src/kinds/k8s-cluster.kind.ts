import { idText, optionalIdText, optionalList, optionalText, optionalTime, record, texts } from '#libs/digitalocean';
import { defineKind, EVERY_QUARTER, nestedText, optionalSlug } from './kind';

/**
 * Kubernetes cluster. Source: `GET /v2/kubernetes/clusters`. Its nodes are droplets, which name it in a tag and are billed by themselves;
 * the cluster itself costs money with a highly available control plane only.
 */
export const k8sClusterKind = defineKind({
  kind: 'k8s_cluster',
  label: 'Kubernetes cluster',
  urnTypes: ['kubernetes'],
  sync: EVERY_QUARTER,
  lists: [{ path: '/v2/kubernetes/clusters', key: 'kubernetes_clusters' }],
  fetch: { path: (id) => `/v2/kubernetes/clusters/${id}`, key: 'kubernetes_cluster' },
  price: {
    sized: 'all',
    billedAs: ({ attrs: { ha } }) =>
      typeof ha === 'boolean' ? { product: 'k8s_cluster:ha', units: ha ? '1' : '0', plan: null } : undefined,
    freeUnits: 'its nodes are billed as droplets',
  },
  invoice: {
    product: 'Kubernetes Clusters',
    phrases: ['(managed )?kubernetes( (clusters?|nodes?|node pools?|control planes?))?'],
    namedBy: 'group',
  },
  volatileAttrs: [],
  observe: (raw) => {
    const cluster = record(raw, 'kubernetes_cluster');
    const pools = optionalList(cluster, 'node_pools').map((pool) => record(pool, 'node_pools'));
    return {
      providerId: idText(cluster, 'id'),
      name: optionalText(cluster, 'name'),
      region: optionalSlug(cluster, 'region'),
      status: nestedText(cluster, 'status', 'state') ?? 'active',
      sizeSlug: null,
      attrs: {
        version: optionalText(cluster, 'version'),
        ha: cluster.ha === true,
        auto_upgrade: cluster.auto_upgrade === true,
        surge_upgrade: cluster.surge_upgrade === true,
        node_pool_ids: pools.map((pool) => idText(pool, 'id')).sort(),
        registries: texts(cluster, 'registries').sort(),
        created_at: optionalTime(cluster, 'created_at'),
        tags: texts(cluster, 'tags').sort(),
        vpc_uuid: optionalIdText(cluster, 'vpc_uuid'),
      },
      parents: [],
    };
  },
});
