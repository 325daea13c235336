import {
  accepted,
  type Answer,
  type EndpointGroup,
  noContent,
  notFound,
  ok,
  ProviderRefusal,
  type ProviderRequest,
  unprocessable,
} from '../http/route';
import type { OpaqueRecord } from '../world/records';
import type { World } from '../world/world';
import { anObject, dropletSize, type Fields, flag, like, listOf, network, readBody, region, text, texts, whole } from './body-fields';
import { leaveProject } from './projects.endpoints';
import { type Call, readyLater, type Resource, routesOf } from './resource-routes';

/** The offered versions, oldest first. */
const VERSIONS = ['1.32.5-do.0', '1.33.1-do.0', '1.34.1-do.0'];

const POOL_FIELDS: Fields = {
  name: like(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/),
  count: whole(0, 500),
  'tags?': texts,
  'labels?': anObject,
  'taints?': listOf(anObject),
  'auto_scale?': flag,
  'min_nodes?': whole(0),
  'max_nodes?': whole(0),
};

/** A pool with as many nodes as its count: the first ones stay, new ones are `running`. They are no droplets of the account. */
function withNodes(world: World, pool: OpaqueRecord): OpaqueRecord {
  const kept = ((pool.nodes ?? []) as OpaqueRecord[]).slice(0, Number(pool.count));
  const added = Array.from({ length: Number(pool.count) - kept.length }, () => {
    const id = world.random.uuid();
    const times = { created_at: world.now, updated_at: world.now };
    return { id, name: `${String(pool.name)}-${id.slice(0, 4)}`, status: { state: 'running' }, ...times };
  });
  return { ...pool, nodes: [...kept, ...added] };
}

function newPool(world: World, clusterId: string, given: OpaqueRecord): OpaqueRecord {
  const tags = ['k8s', `k8s:${clusterId}`, 'k8s:worker', ...((given.tags ?? []) as string[])];
  const scaling = { auto_scale: false, min_nodes: 0, max_nodes: 0 };
  return withNodes(world, { labels: null, taints: [], ...scaling, ...given, id: world.random.uuid(), tags });
}

/** Throws 422 while the cluster is created, upgraded or deleted. */
function checkRunning({ status }: OpaqueRecord): void {
  const { state } = status as { state: string };
  if (state !== 'running') throw unprocessable(`cluster is in state ${state}`);
}

function createCluster({ world, body }: Call): OpaqueRecord {
  const { node_pools, version, ...fields } = body;
  if (version !== 'latest' && !VERSIONS.includes(String(version))) throw unprocessable('version is invalid');
  const id = world.random.uuid();
  const plan = { auto_upgrade: false, surge_upgrade: true, ha: false, registry_enabled: false, registries: [] };
  const subnets = { cluster_subnet: '10.244.0.0/16', service_subnet: '10.245.0.0/16' };
  const vpc_uuid = world.collections.vpcs.all().find((vpc) => vpc.region === body.region && vpc.default === true)?.id;
  readyLater(world, 'kubernetes_clusters', id, { status: { state: 'running', message: '' } });
  return {
    ...plan,
    ...subnets,
    ...(vpc_uuid !== undefined && { vpc_uuid }),
    maintenance_policy: { start_time: '03:00', duration: '4h0m0s', day: 'any' },
    ...fields,
    id,
    version: version === 'latest' ? VERSIONS.at(-1) : version,
    tags: ['k8s', `k8s:${id}`, ...((fields.tags ?? []) as string[])],
    ipv4: '203.0.113.81',
    endpoint: `https://${id}.k8s.ondigitalocean.example`,
    status: { state: 'provisioning', message: '' },
    node_pools: (node_pools as OpaqueRecord[]).map((pool) => newPool(world, id, pool)),
    created_at: world.now,
    updated_at: world.now,
  };
}

/** The versions that a cluster may be upgraded to. */
const upgradesOf = ({ version }: OpaqueRecord): string[] => VERSIONS.slice(VERSIONS.indexOf(String(version)) + 1);

const versionView = (slug: string) => ({ slug, kubernetes_version: slug.split('-')[0], supported_features: ['cluster-autoscaler'] });

function upgrade(cluster: OpaqueRecord, { world, body }: Call): OpaqueRecord {
  checkRunning(cluster);
  if (!upgradesOf(cluster).includes(String(body.version))) throw unprocessable('version is invalid');
  readyLater(world, 'kubernetes_clusters', cluster.id, { status: { state: 'running', message: '' }, version: body.version });
  return { ...cluster, status: { state: 'upgrading', message: '' } };
}

const NODE_POOLS: Resource = {
  path: 'node_pools',
  stored: { field: 'node_pools' },
  keys: ['node_pools', 'node_pool'],
  id: 'id',
  unpaged: true,
  create: {
    fields: { ...POOL_FIELDS, size: dropletSize },
    unique: { field: 'name', refusal: 'unprocessable_entity' },
    make: ({ world, body, owner }) => {
      checkRunning(owner);
      return newPool(world, String(owner.id), body);
    },
  },
  remove: {
    check: (_, { owner }) => {
      if ((owner.node_pools as unknown[]).length === 1) throw unprocessable('a cluster must have at least one node pool');
    },
  },
  operations: [
    {
      method: 'PUT',
      path: '',
      status: 202,
      fields: POOL_FIELDS,
      change: (pool, { world, body, owner }) => {
        checkRunning(owner);
        const { tags = [], ...fields } = body as { tags?: string[] };
        const own = (pool.tags as string[]).filter((tag) => tag.startsWith('k8s'));
        return withNodes(world, { ...pool, ...fields, tags: [...own, ...tags] });
      },
    },
    {
      method: 'POST',
      path: 'recycle',
      fields: { 'nodes?': texts },
      change: (pool, { world, body }) => {
        const recycled = (body.nodes ?? []) as unknown[];
        const kept = ((pool.nodes ?? []) as OpaqueRecord[]).filter(({ id }) => !recycled.includes(id));
        return withNodes(world, { ...pool, nodes: kept });
      },
      answer: () => accepted,
    },
  ],
};

const CLUSTERS: Resource = {
  path: '/v2/kubernetes/clusters',
  stored: 'kubernetes_clusters',
  keys: ['kubernetes_clusters', 'kubernetes_cluster'],
  id: 'id',
  urnType: 'kubernetes',
  create: {
    fields: {
      name: text,
      region,
      version: text,
      node_pools: listOf(
        (pool, world) =>
          anObject(pool, world) && dropletSize((pool as OpaqueRecord).size, world) && whole(1)((pool as OpaqueRecord).count, world),
        1,
      ),
      'vpc_uuid?': network,
      'tags?': texts,
      'auto_upgrade?': flag,
      'surge_upgrade?': flag,
      'ha?': flag,
      'maintenance_policy?': anObject,
      'cluster_subnet?': text,
      'service_subnet?': text,
    },
    unique: { field: 'name', refusal: 'unprocessable_entity' },
    make: createCluster,
  },
  remove: {},
  operations: [
    {
      method: 'PUT',
      path: '',
      status: 202,
      fields: { name: text, 'tags?': texts, 'auto_upgrade?': flag, 'surge_upgrade?': flag, 'ha?': flag, 'maintenance_policy?': anObject },
      change: (cluster, { world, body }) => {
        if (cluster.ha === true && body.ha === false) throw unprocessable('ha can not be disabled');
        const own = ((cluster.tags ?? []) as string[]).filter((tag) => tag === 'k8s' || tag.startsWith('k8s:'));
        const tags = body.tags === undefined ? cluster.tags : [...own, ...(body.tags as string[])];
        return { ...cluster, ...body, tags, updated_at: world.now };
      },
    },
    { method: 'GET', path: 'upgrades', answer: (cluster) => ok({ available_upgrade_versions: upgradesOf(cluster).map(versionView) }) },
    { method: 'POST', path: 'upgrade', fields: { version: text }, change: upgrade, answer: () => accepted },
    { method: 'GET', path: 'kubeconfig', answer: kubeconfig },
    {
      method: 'GET',
      path: 'credentials',
      answer: ({ endpoint }, { world }) =>
        ok({
          server: endpoint,
          certificate_authority_data: 'bm90IGEgcmVhbCBjZXJ0aWZpY2F0ZQ==',
          client_certificate_data: null,
          client_key_data: null,
          token: 'not-a-real-token',
          expires_at: world.now,
        }),
    },
    {
      method: 'GET',
      path: 'user',
      answer: () => ok({ kubernetes_cluster_user: { username: 'ops@northwind.example', groups: ['k8saas:authenticated'] } }),
    },
    { method: 'GET', path: 'status_messages', answer: () => ok({ messages: [] }) },
    { method: 'GET', path: 'destroy_with_associated_resources', answer: ({ id }, { world }) => ok(associated(world, String(id))) },
  ],
  parts: [NODE_POOLS],
};

function kubeconfig({ name, endpoint }: OpaqueRecord): Answer {
  const cluster = `clusters:\n- name: ${String(name)}\n  cluster:\n    server: ${String(endpoint)}\n`;
  const body = `apiVersion: v1\nkind: Config\n${cluster}users:\n- name: ${String(name)}-admin\n  user:\n    token: not-a-real-token\n`;
  return { kind: 'text', status: 200, type: 'application/yaml', body };
}

/** The volumes and load balancers that a cluster has made carry its tag. */
function associated(world: World, clusterId: string) {
  const tag = `k8s:${clusterId}`;
  const { load_balancers: balancers, volumes, volume_snapshots: snapshots } = world.collections;
  const named = (found: readonly { id: string; name: string }[]) => found.map(({ id, name }) => ({ id, name }));
  return {
    load_balancers: named(balancers.all().filter((balancer) => balancer.tag === tag)),
    volumes: named(volumes.all().filter(({ tags }) => tags.includes(tag))),
    volume_snapshots: named(snapshots.all().filter(({ tags }) => tags.includes(tag))),
  };
}

const LISTS = { 'load_balancers?': texts, 'volumes?': texts, 'volume_snapshots?': texts };

/** Deletes the cluster with the named resources among those that belong to it; `named` undefined: with all of them. */
function destroyWith(world: World, { params }: ProviderRequest, named?: OpaqueRecord): Answer {
  const cluster = world.collections.kubernetes_clusters.get(params.id ?? '');
  if (cluster === undefined) throw notFound();
  const found = associated(world, String(cluster.id));
  for (const collection of ['load_balancers', 'volumes', 'volume_snapshots'] as const) {
    const wanted = (named?.[collection] ?? (named === undefined ? found[collection].map(({ id }) => id) : [])) as string[];
    for (const { id } of found[collection]) if (wanted.includes(id)) world.collections[collection].remove(id);
  }
  world.collections.kubernetes_clusters.remove(String(cluster.id));
  leaveProject(world, `do:kubernetes:${String(cluster.id)}`);
  return noContent;
}

/** Whether these clusters may pull from the account's registries. */
function useRegistries(world: World, request: ProviderRequest, isUsed: boolean, fields: Fields): Answer {
  const { cluster_uuids: ids, registries: given } = readBody(world, request, fields);
  const { kubernetes_clusters: clusters, registries: known } = world.collections;
  if (known.size === 0) throw new ProviderRefusal('precondition_failed', 'registry is not enabled');
  const names = (given ?? known.all().map(({ name }) => name)) as string[];
  const chosen = (ids as string[]).map((id) => clusters.get(id));
  if (chosen.includes(undefined)) throw notFound();
  for (const cluster of chosen as OpaqueRecord[]) {
    const others = ((cluster.registries ?? []) as string[]).filter((name) => !names.includes(name));
    const registries = isUsed ? [...others, ...names] : others;
    clusters.put({ ...cluster, registries, registry_enabled: registries.length > 0 });
  }
  return noContent;
}

const MANY: Fields = { cluster_uuids: texts, 'registries?': texts };

/** Kubernetes clusters with their node pools. A cluster that is not running takes no change. */
export const kubernetesEndpoints: EndpointGroup = {
  routes: [
    ...routesOf([CLUSTERS]),
    { method: 'DELETE', path: '/v2/kubernetes/clusters/:id/node_pools/:part/nodes/:inner', handle: deleteNode },
    {
      method: 'DELETE',
      path: '/v2/kubernetes/clusters/:id/destroy_with_associated_resources/selective',
      handle: (world, request) => destroyWith(world, request, readBody(world, request, LISTS)),
    },
    {
      method: 'DELETE',
      path: '/v2/kubernetes/clusters/:id/destroy_with_associated_resources/dangerous',
      handle: (world, request) => destroyWith(world, request),
    },
    { method: 'GET', path: '/v2/kubernetes/options', handle: (world) => ok({ options: optionsOf(world) }) },
    { method: 'POST', path: '/v2/kubernetes/registry', handle: (world, request) => useRegistries(world, request, true, MANY) },
    { method: 'DELETE', path: '/v2/kubernetes/registry', handle: (world, request) => useRegistries(world, request, false, MANY) },
    { method: 'POST', path: '/v2/kubernetes/registries', handle: (world, request) => useRegistries(world, request, true, MANY) },
    { method: 'DELETE', path: '/v2/kubernetes/registries', handle: (world, request) => useRegistries(world, request, false, MANY) },
  ],
};

function optionsOf(world: World): OpaqueRecord {
  const slugOf = ({ slug }: { slug: string }) => ({ name: slug, slug });
  const { regions, sizes } = world.collections;
  return { regions: regions.all().map(slugOf), versions: VERSIONS.toReversed().map(versionView), sizes: sizes.all().map(slugOf) };
}

/** Deletes a node; its pool gets smaller unless `replace=1` is given. */
function deleteNode(world: World, { params, query }: ProviderRequest): Answer {
  const cluster = world.collections.kubernetes_clusters.get(params.id ?? '');
  const pools = (cluster?.node_pools ?? []) as OpaqueRecord[];
  const pool = pools.find(({ id }) => id === params.part);
  const nodes = (pool?.nodes ?? []) as OpaqueRecord[];
  if (cluster === undefined || pool === undefined || !nodes.some(({ id }) => id === params.inner)) throw notFound();
  const count = Number(pool.count) - (query.replace === '1' ? 0 : 1);
  const changed = withNodes(world, { ...pool, count, nodes: nodes.filter(({ id }) => id !== params.inner) });
  world.collections.kubernetes_clusters.put({ ...cluster, node_pools: pools.with(pools.indexOf(pool), changed) });
  return accepted;
}
