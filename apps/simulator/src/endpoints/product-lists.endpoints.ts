import { accepted, type Answer, list, noContent, notFound, ok, ProviderRefusal, sourceOf, unprocessable } from '../http/answer';
import { type EndpointGroup, objectBody, type ProviderRequest, type Route } from '../http/route';
import type { OpaqueRecord } from '../world/records';
import type { CollectionName } from '../world/state';
import type { World } from '../world/world';
import { leaveProject, placeInProject } from './project-members.endpoints';

/** The collections of products that are stored in the API's own format. */
type ProductCollection = Extract<
  CollectionName,
  | 'databases'
  | 'kubernetes_clusters'
  | 'apps'
  | 'vpcs'
  | 'certificates'
  | 'cdn_endpoints'
  | 'registries'
  | 'reserved_ipv6s'
  | 'nat_gateways'
  | 'spaces_keys'
  | 'uptime_checks'
  | 'alert_policies'
  | 'vpc_peerings'
  | 'byoip_prefixes'
  | 'nfs_shares'
  | 'function_namespaces'
  | 'autoscale_pools'
  | 'partner_attachments'
  | 'genai_agents'
  | 'knowledge_bases'
  | 'dedicated_inferences'
  | 'vector_databases'
>;

/** A product with a list, a GET by id and a DELETE that need nothing but its record. */
interface Product {
  readonly path: string;
  readonly collection: ProductCollection;
  /** Key of the list, and of a single object in its response. */
  readonly keys: readonly [string, string];
  /** The provider returns all objects at once, without `links` and `meta`. */
  readonly unpaged?: true;
  /** The type in the URN, for products that projects list. */
  readonly urnType?: string;
  /** The simulator does not play its deletion. */
  readonly noDelete?: true;
  /** The answer to its deletion; 204 unless given. */
  readonly deleted?: (record: OpaqueRecord) => Answer;
  /** The field of the record with the id in its URN. */
  readonly idField?: string;
  readonly view?: (record: OpaqueRecord) => OpaqueRecord;
  /** Throws the provider's refusal of a deletion. */
  readonly checkDelete?: (world: World, record: OpaqueRecord) => void;
}

const PRODUCTS: readonly Product[] = [
  { path: '/v2/databases', collection: 'databases', keys: ['databases', 'database'], unpaged: true, urnType: 'dbaas' },
  {
    path: '/v2/kubernetes/clusters',
    collection: 'kubernetes_clusters',
    keys: ['kubernetes_clusters', 'kubernetes_cluster'],
    urnType: 'kubernetes',
  },
  { path: '/v2/apps', collection: 'apps', keys: ['apps', 'app'], urnType: 'app', deleted: ({ id }) => ok({ id }) },
  { path: '/v2/vpcs', collection: 'vpcs', keys: ['vpcs', 'vpc'], urnType: 'vpc', view: vpcView, checkDelete: checkVpcIsUnused },
  { path: '/v2/certificates', collection: 'certificates', keys: ['certificates', 'certificate'] },
  { path: '/v2/cdn/endpoints', collection: 'cdn_endpoints', keys: ['endpoints', 'endpoint'] },
  { path: '/v2/registries', collection: 'registries', keys: ['registries', 'registry'], unpaged: true },
  {
    path: '/v2/reserved_ipv6',
    collection: 'reserved_ipv6s',
    keys: ['reserved_ipv6s', 'reserved_ipv6'],
    urnType: 'reservedipv6',
    idField: 'ip',
  },
  { path: '/v2/vpc_nat_gateways', collection: 'nat_gateways', keys: ['vpc_nat_gateways', 'vpc_nat_gateway'], noDelete: true },
  { path: '/v2/spaces/keys', collection: 'spaces_keys', keys: ['keys', 'key'] },
  { path: '/v2/uptime/checks', collection: 'uptime_checks', keys: ['checks', 'check'] },
  { path: '/v2/monitoring/alerts', collection: 'alert_policies', keys: ['policies', 'policy'] },
  {
    path: '/v2/vpc_peerings',
    collection: 'vpc_peerings',
    keys: ['vpc_peerings', 'vpc_peering'],
    deleted: (record) => ok({ vpc_peering: record }, 202),
  },
  { path: '/v2/byoip_prefixes', collection: 'byoip_prefixes', keys: ['byoip_prefixes', 'byoip_prefix'], deleted: () => accepted },
  { path: '/v2/nfs', collection: 'nfs_shares', keys: ['shares', 'share'], unpaged: true },
  { path: '/v2/functions/namespaces', collection: 'function_namespaces', keys: ['namespaces', 'namespace'], unpaged: true },
  { path: '/v2/droplets/autoscale', collection: 'autoscale_pools', keys: ['autoscale_pools', 'autoscale_pool'], deleted: () => accepted },
  {
    path: '/v2/partner_network_connect/attachments',
    collection: 'partner_attachments',
    keys: ['partner_attachments', 'partner_attachment'],
    deleted: (record) => ok({ partner_attachment: record }, 202),
  },
  { path: '/v2/gen-ai/agents', collection: 'genai_agents', keys: ['agents', 'agent'], deleted: (record) => ok({ agent: record }) },
  {
    path: '/v2/gen-ai/knowledge_bases',
    collection: 'knowledge_bases',
    keys: ['knowledge_bases', 'knowledge_base'],
    deleted: ({ uuid }) => ok({ uuid }),
  },
  {
    path: '/v2/dedicated-inferences',
    collection: 'dedicated_inferences',
    keys: ['dedicated_inferences', 'dedicated_inference'],
    deleted: () => accepted,
  },
  { path: '/v2/vector-databases', collection: 'vector_databases', keys: ['vector_dbs', 'vector_db'] },
];

/** Databases, clusters, apps, networks and the other products of which the simulator plays the lists and the deletion. */
export const productListsEndpoints: EndpointGroup = {
  routes: [
    ...PRODUCTS.flatMap(routesOf),
    { method: 'GET', path: '/v2/databases/:id/replicas', handle: listReplicas },
    { method: 'GET', path: '/v2/kubernetes/clusters/:id/node_pools', handle: listNodePools },
    { method: 'GET', path: '/v2/registries/:id/repositoriesV2', handle: listRepositories },
    { method: 'POST', path: '/v2/account/keys', handle: createSshKey },
    { method: 'DELETE', path: '/v2/account/keys/:id', handle: deleteSshKey },
    { method: 'POST', path: '/v2/vpcs', handle: createVpc },
    { method: 'POST', path: '/v2/uptime/checks', handle: createUptimeCheck },
  ],
};

function routesOf(product: Product): Route[] {
  const { path, keys, unpaged } = product;
  const [plural, singular] = keys;
  const view = product.view ?? ((record: OpaqueRecord) => record);
  const handleList = (world: World): Answer => {
    const records = world.collections[product.collection].all();
    return unpaged ? ok({ [plural]: records.map(view) }) : list(plural, sourceOf(records, view));
  };
  const remove = (world: World, request: ProviderRequest) => deleteProduct(world, product, request);
  return [
    { method: 'GET', path, handle: handleList },
    {
      method: 'GET',
      path: `${path}/:id`,
      handle: (world, request) => ok({ [singular]: view(existing(world, product.collection, request)) }),
    },
    ...(product.noDelete ? [] : [{ method: 'DELETE' as const, path: `${path}/:id`, handle: remove }]),
  ];
}

function deleteProduct(
  world: World,
  { collection, urnType, idField = 'id', checkDelete, deleted }: Product,
  request: ProviderRequest,
): Answer {
  const record = existing(world, collection, request);
  checkDelete?.(world, record);
  world.collections[collection].remove(request.params.id ?? '');
  if (urnType !== undefined) leaveProject(world, `do:${urnType}:${String(record[idField])}`);
  return deleted?.(record) ?? noContent;
}

function existing(world: World, collection: ProductCollection, { params }: ProviderRequest): OpaqueRecord {
  const record = world.collections[collection].get(params.id ?? '');
  if (record === undefined) throw notFound();
  return record;
}

function listReplicas(world: World, request: ProviderRequest): Answer {
  const { id } = existing(world, 'databases', request);
  const replicas = world.collections.db_replicas.all().filter(({ primary_id }) => primary_id === id);
  return ok({ replicas: replicas.map(({ primary_id: _primary, ...replica }) => replica) });
}

function listNodePools(world: World, request: ProviderRequest): Answer {
  return ok({ node_pools: existing(world, 'kubernetes_clusters', request).node_pools });
}

function listRepositories(world: World, request: ProviderRequest): Answer {
  const { name } = existing(world, 'registries', request);
  const own = world.collections.registry_repositories.all().filter(({ registry_name }) => registry_name === name);
  return list(
    'repositories',
    sourceOf(own, (repository) => repository),
  );
}

function createSshKey(world: World, request: ProviderRequest): Answer {
  const { name, public_key: key } = objectBody(request);
  if (typeof name !== 'string' || name === '') throw unprocessable('name is required');
  if (typeof key !== 'string' || !/^(ssh-|ecdsa-)\S+ \S+/.test(key))
    throw unprocessable('Key invalid, key should be of the format `type key [comment]`');
  const keys = world.collections.ssh_keys;
  if (keys.all().some((known) => known.public_key === key)) throw unprocessable('SSH Key is already in use on your account');
  const fingerprint = world.random
    .uuid()
    .replaceAll('-', '')
    .replaceAll(/(..)(?=.)/g, '$1:');
  const id = Math.max(512_000, ...keys.all().map((known) => Number(known.id))) + 1;
  return ok({ ssh_key: keys.put({ id, fingerprint, public_key: key, name }) }, 201);
}

function deleteSshKey(world: World, { params }: ProviderRequest): Answer {
  const wanted = params.id ?? '';
  const key = world.collections.ssh_keys.all().find(({ id, fingerprint }) => String(id) === wanted || fingerprint === wanted);
  if (key === undefined) throw notFound();
  world.collections.ssh_keys.remove(Number(key.id));
  return noContent;
}

/** The fields that a network of the first releases lacks get the values that the provider gives them. */
function vpcView(vpc: OpaqueRecord): OpaqueRecord {
  return { description: '', ip_range: '10.110.0.0/20', urn: `do:vpc:${String(vpc.id)}`, ...vpc };
}

function checkVpcIsUnused(world: World, { id, default: isDefault }: OpaqueRecord): void {
  if (isDefault === true) throw new ProviderRefusal('forbidden', 'Can not delete default VPCs');
  const isUsed = world.collections.droplets.all().some(({ vpc_uuid }) => vpc_uuid === id);
  if (isUsed) throw new ProviderRefusal('conflict', 'Can not delete VPC with members');
}

function createVpc(world: World, request: ProviderRequest): Answer {
  const { name, region, description, ip_range: range } = objectBody(request);
  if (typeof name !== 'string' || !/^[a-zA-Z0-9.-]+$/.test(name)) throw unprocessable('name is invalid');
  if (world.collections.regions.get(String(region)) === undefined) throw unprocessable('region is invalid');
  if (world.collections.vpcs.all().some((vpc) => vpc.name === name)) throw unprocessable('name is already in use');
  const vpc = world.collections.vpcs.put({
    id: world.random.uuid(),
    name,
    region,
    description: typeof description === 'string' ? description : '',
    ip_range: typeof range === 'string' ? range : `10.${120 + (world.collections.vpcs.size % 100)}.0.0/20`,
    default: false,
    created_at: world.now,
  });
  placeInProject(world, `do:vpc:${String(vpc.id)}`, undefined);
  return ok({ vpc: vpcView(vpc) }, 201);
}

function createUptimeCheck(world: World, request: ProviderRequest): Answer {
  const { name, type, target, regions, enabled } = objectBody(request);
  if (typeof name !== 'string' || typeof target !== 'string') throw unprocessable('name and target are required');
  const check = world.collections.uptime_checks.put({
    id: world.random.uuid(),
    name,
    type: typeof type === 'string' ? type : 'https',
    target,
    regions: Array.isArray(regions) ? regions : ['us_east'],
    enabled: enabled !== false,
  });
  return ok({ check }, 201);
}
