import { idText, optionalIdText, optionalList, optionalText, optionalWholeNumber, record, texts } from '#libs/digitalocean';
import { defineKind, EVERY_QUARTER, optionalSlug, parentRefs } from './kind';

/** Group of equal nodes of a cluster. Source: `GET /v2/kubernetes/clusters`, where each cluster contains its pools. */
export const k8sNodePoolKind = defineKind({
  kind: 'k8s_node_pool',
  label: 'Kubernetes node pool',
  urnTypes: ['kubernetesnodepool'],
  sync: EVERY_QUARTER,
  lists: [{ path: '/v2/kubernetes/clusters', key: 'kubernetes_clusters', objectsIn: poolsOf }],
  price: { free: 'its nodes are billed as droplets' },
  volatileAttrs: ['droplet_ids'],
  observe: (raw) => {
    const pool = record(raw, 'node_pool');
    const clusterId = optionalIdText(pool, 'cluster_id');
    const nodes = optionalList(pool, 'nodes').map((node) => optionalIdText(record(node, 'nodes'), 'droplet_id'));
    return {
      providerId: idText(pool, 'id'),
      name: optionalText(pool, 'name'),
      region: null,
      status: 'active',
      sizeSlug: optionalSlug(pool, 'size'),
      attrs: {
        cluster_id: clusterId,
        count: optionalWholeNumber(pool, 'count'),
        auto_scale: pool.auto_scale === true,
        min_nodes: optionalWholeNumber(pool, 'min_nodes'),
        max_nodes: optionalWholeNumber(pool, 'max_nodes'),
        droplet_ids: nodes.filter((id) => id !== null).sort(),
        tags: texts(pool, 'tags').sort(),
      },
      parents: clusterId === null ? [] : parentRefs('k8s_cluster', [clusterId]),
    };
  },
});

/** The pools of a listed cluster, each with the id of the cluster. */
function poolsOf(raw: unknown): unknown[] {
  const cluster = record(raw, 'kubernetes_cluster');
  const cluster_id = idText(cluster, 'id');
  return optionalList(cluster, 'node_pools').map((pool) => ({ ...record(pool, 'node_pools'), cluster_id }));
}
