import {
  accepted,
  type Answer,
  type EndpointGroup,
  list,
  noContent,
  notFound,
  ok,
  type ProviderRequest,
  sourceOf,
  unprocessable,
} from '../http/route';
import type { OpaqueRecord } from '../world/records';
import type { World } from '../world/world';
import { anObject, flag, listOf, name, network, oneOf, readBody, region, text, whole } from './body-fields';
import { readyLater, type Resource, routesOf } from './resource-routes';

const trigger = { 'is_enabled?': flag, 'scheduled_details?': anObject };

const NAMESPACES: Resource = {
  path: '/v2/functions/namespaces',
  stored: 'function_namespaces',
  keys: ['namespaces', 'namespace'],
  id: 'namespace',
  unpaged: true,
  create: {
    fields: { region: text, label: text },
    status: 200,
    unique: { field: 'label', refusal: 'unprocessable_entity' },
    make: ({ world, body }) => {
      const uuid = world.random.uuid();
      const place = { api_host: 'https://faas.doserverless.example', key: 'not-a-real-key' };
      return { ...body, uuid, namespace: `fn-${uuid}`, ...place, created_at: world.now, updated_at: world.now };
    },
  },
  remove: {},
  parts: [
    {
      path: 'triggers',
      stored: { field: '$triggers' },
      keys: ['triggers', 'trigger'],
      id: 'name',
      unpaged: true,
      create: {
        fields: { name: text, function: text, type: oneOf('SCHEDULED'), is_enabled: flag, scheduled_details: anObject },
        status: 200,
        unique: { field: 'name', refusal: 'unprocessable_entity' },
        make: ({ world, body, owner }) => ({
          ...body,
          namespace: owner.namespace,
          created_at: world.now,
          updated_at: world.now,
          scheduled_runs: { last_run_at: null, next_run_at: world.now },
        }),
      },
      remove: {},
      operations: [
        { method: 'PUT', path: '', fields: trigger, change: (known, { world, body }) => ({ ...known, ...body, updated_at: world.now }) },
      ],
    },
    {
      path: 'keys',
      stored: { field: '$keys' },
      keys: ['access_keys', 'access_key'],
      id: 'id',
      noGet: true,
      unpaged: true,
      create: {
        fields: { name: text, 'expires_in?': text },
        unique: { field: 'name', refusal: 'conflict' },
        make: ({ world, body }) => ({
          name: body.name,
          id: world.random.uuid(),
          expires_at: null,
          created_at: world.now,
          updated_at: world.now,
        }),
        answer: (key) => ok({ access_key: { ...key, secret: 'not-a-real-secret' } }, 201),
      },
      remove: { answer: () => ok({}) },
      operations: [
        { method: 'PUT', path: '', fields: { name: text }, change: (key, { world, body }) => ({ ...key, ...body, updated_at: world.now }) },
      ],
    },
  ],
};

const SHARES: Resource = {
  path: '/v2/nfs',
  stored: 'nfs_shares',
  keys: ['shares', 'share'],
  id: 'id',
  unpaged: true,
  matches: (share, { region: wanted }) => wanted === undefined || share.region === wanted,
  create: {
    fields: { name: text, size_gib: whole(50), region, vpc_ids: listOf(network, 1), 'performance_tier?': oneOf('standard', 'high') },
    unique: { field: 'name', refusal: 'unprocessable_entity' },
    make: ({ world, body }) => {
      const id = world.random.uuid();
      readyLater(world, 'nfs_shares', id, { status: 'ACTIVE', host: '10.120.0.9', mount_path: `/${id}` });
      return { performance_tier: 'standard', ...body, id, status: 'CREATING', created_at: world.now };
    },
  },
  remove: {},
};

/** Actions on a share; only one that is active takes any. Each completes at once, and a snapshot is stored with the share. */
function actOnShare(world: World, request: ProviderRequest): Answer {
  const share = world.collections.nfs_shares.get(request.params.id ?? '');
  if (share === undefined) throw notFound();
  const { type, params = {} } = readBody(world, request, { type: oneOf('resize', 'snapshot', 'attach', 'detach'), 'params?': anObject });
  if (share.status !== 'ACTIVE') throw unprocessable('the share is not active');
  const { size_gib: size, name: given, vpc_id: vpc } = params as { size_gib?: number; name?: string; vpc_id?: string };
  const networks = (share.vpc_ids ?? []) as unknown[];
  const changes: Record<string, () => OpaqueRecord> = {
    resize: () => {
      if (!(Number(size) > Number(share.size_gib))) throw unprocessable('a share can only grow');
      return { size_gib: size };
    },
    snapshot: () => {
      if (!text(given, world)) throw unprocessable('name is required');
      const made = { id: world.random.uuid(), name: given, size_gib: share.size_gib, region: share.region, status: 'ACTIVE' };
      return { $snapshots: [...snapshotsOf(share), { ...made, created_at: world.now, share_id: share.id }] };
    },
    attach: () => {
      if (!network(vpc, world) || networks.includes(vpc)) throw unprocessable('vpc_id is invalid');
      return { vpc_ids: [...networks, vpc] };
    },
    detach: () => {
      if (!networks.includes(vpc)) throw unprocessable('vpc_id is invalid');
      return { vpc_ids: networks.filter((id) => id !== vpc) };
    },
  };
  world.collections.nfs_shares.put({ ...share, ...changes[String(type)]?.() });
  const subject = { region_slug: share.region, resource_id: share.id, resource_type: 'SHARE' };
  return ok({ action: { id: world.random.uuid(), ...subject, started_at: world.now, status: 'COMPLETED', type } }, 201);
}

const snapshotsOf = ({ $snapshots: known }: OpaqueRecord) => (known ?? []) as OpaqueRecord[];

function listShareSnapshots(world: World, { query }: ProviderRequest): Answer {
  const all = world.collections.nfs_shares.all().flatMap(snapshotsOf);
  return ok({ snapshots: all.filter(({ share_id: id }) => query.share_id === undefined || id === query.share_id) });
}

/** The share of a snapshot, and the snapshot. */
function shareSnapshot(world: World, { params }: ProviderRequest): { share: OpaqueRecord; snapshot: OpaqueRecord } {
  for (const share of world.collections.nfs_shares.all()) {
    const snapshot = snapshotsOf(share).find(({ id }) => id === params.id);
    if (snapshot !== undefined) return { share, snapshot };
  }
  throw notFound();
}

function deleteShareSnapshot(world: World, request: ProviderRequest): Answer {
  const { share, snapshot } = shareSnapshot(world, request);
  world.collections.nfs_shares.put({ ...share, $snapshots: snapshotsOf(share).filter((one) => one !== snapshot) });
  return noContent;
}

const bgp = ({ local_router_ip, peer_router_ip, peer_router_asn }: OpaqueRecord) => ({
  local_asn: 64_532,
  peer_asn: peer_router_asn,
  local_router_ip,
  peer_router_ip,
});

const ATTACHMENTS: Resource = {
  path: '/v2/partner_network_connect/attachments',
  stored: 'partner_attachments',
  keys: ['partner_attachments', 'partner_attachment'],
  id: 'id',
  create: {
    fields: {
      name,
      connection_bandwidth_in_mbps: oneOf(1_000, 2_000, 5_000, 10_000),
      region: oneOf('nyc', 'sfo', 'fra', 'ams', 'sgp'),
      naas_provider: text,
      vpc_ids: listOf(network, 1),
      'parent_uuid?': text,
      'bgp?': anObject,
    },
    status: 202,
    unique: { field: 'name', refusal: 'unprocessable_entity' },
    make: ({ world, body }) => {
      const id = world.random.uuid();
      readyLater(world, 'partner_attachments', id, { state: 'ACTIVE' });
      const made = { ...body, ...(body.bgp !== undefined && { bgp: bgp(body.bgp as OpaqueRecord) }) };
      return { parent_uuid: '', ...made, id, state: 'PROVISIONING', created_at: world.now };
    },
  },
  remove: { answer: (record) => ok({ partner_attachment: { ...record, state: 'DELETING' } }, 202) },
  operations: [
    {
      method: 'PATCH',
      path: '',
      status: 202,
      fields: { 'name?': name, 'vpc_ids?': listOf(network, 1), 'bgp?': anObject },
      change: (known, { body }) => ({ ...known, ...body, ...(body.bgp !== undefined && { bgp: bgp(body.bgp as OpaqueRecord) }) }),
    },
    { method: 'GET', path: 'bgp_auth_key', answer: () => ok({ bgp_auth_key: { value: 'not-a-real-key' } }) },
    {
      method: 'GET',
      path: 'remote_routes',
      answer: () =>
        list(
          'remote_routes',
          sourceOf([{ cidr: '192.0.2.0/24' }], (route) => route),
        ),
    },
    {
      method: 'GET',
      path: 'service_key',
      answer: ({ created_at }) => ok({ service_key: { value: 'not-a-real-key', state: 'CREATED', created_at } }),
    },
    { method: 'POST', path: 'service_key', answer: () => ok({}, 202) },
  ],
};

/** Products of which the simulator plays list, GET and deletion only. */
const READ_ONLY: readonly Resource[] = [
  {
    path: '/v2/gen-ai/agents',
    stored: 'genai_agents',
    keys: ['agents', 'agent'],
    id: 'uuid',
    remove: { answer: (agent) => ok({ agent }) },
  },
  {
    path: '/v2/gen-ai/knowledge_bases',
    stored: 'knowledge_bases',
    keys: ['knowledge_bases', 'knowledge_base'],
    id: 'uuid',
    remove: { answer: ({ uuid }) => ok({ uuid }) },
  },
  {
    path: '/v2/dedicated-inferences',
    stored: 'dedicated_inferences',
    keys: ['dedicated_inferences', 'dedicated_inference'],
    id: 'id',
    remove: { answer: () => accepted },
  },
  { path: '/v2/vector-databases', stored: 'vector_databases', keys: ['vector_dbs', 'vector_db'], id: 'id', remove: {} },
];

/** Functions, shares, partner attachments, and the products of which only the list is played. */
export const otherProductsEndpoints: EndpointGroup = {
  routes: [
    ...routesOf([NAMESPACES, SHARES, ATTACHMENTS, ...READ_ONLY]),
    { method: 'POST', path: '/v2/nfs/:id/actions', handle: actOnShare },
    { method: 'GET', path: '/v2/nfs/snapshots', handle: listShareSnapshots },
    {
      method: 'GET',
      path: '/v2/nfs/snapshots/:id',
      handle: (world, request) => ok({ snapshot: shareSnapshot(world, request).snapshot }),
    },
    { method: 'DELETE', path: '/v2/nfs/snapshots/:id', handle: deleteShareSnapshot },
  ],
};
