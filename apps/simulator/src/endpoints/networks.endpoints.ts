import {
  accepted,
  type Answer,
  type EndpointGroup,
  list,
  noContent,
  ok,
  ProviderRefusal,
  type ProviderRequest,
  type Route,
  sourceOf,
  unprocessable,
} from '../http/route';
import type { OpaqueRecord } from '../world/records';
import type { World } from '../world/world';
import { anObject, droplet, flag, like, listOf, name, network, number, oneOf, readBody, region, text, texts, whole } from './body-fields';
import { productReady, readyLater, type Resource, routesOf } from './resource-routes';
import { applyFirewall, existingBalancer, existingFirewall } from './network.endpoints';

/** The fields that a network of an old state lacks get the values that the provider gives them. */
function vpcView(vpc: OpaqueRecord): OpaqueRecord {
  return { description: '', ip_range: '10.110.0.0/20', urn: `do:vpc:${String(vpc.id)}`, ...vpc };
}

/** What is in a network, as a list of its members. */
function membersOf(world: World, vpcId: unknown): OpaqueRecord[] {
  const { droplets, load_balancers: balancers, databases, kubernetes_clusters: clusters } = world.collections;
  const member =
    (type: string) =>
    ({ id, name: given, created_at }: OpaqueRecord) => ({ name: given, urn: `do:${type}:${String(id)}`, created_at });
  const isIn = ({ vpc_uuid }: { vpc_uuid?: unknown }) => vpc_uuid === vpcId;
  return [
    ...droplets
      .all()
      .filter(isIn)
      .map((one) => member('droplet')({ ...one })),
    ...balancers
      .all()
      .filter(isIn)
      .map((one) => member('loadbalancer')({ ...one })),
    ...databases
      .all()
      .filter(({ private_network_uuid: id }) => id === vpcId)
      .map(member('dbaas')),
    ...clusters.all().filter(isIn).map(member('kubernetes')),
  ];
}

/** The number of an IPv4 network and its size, of a text such as `10.110.0.0/20`; undefined for any other text. */
function rangeOf(cidr: unknown): { first: number; size: number } | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(String(cidr));
  if (match === null) return undefined;
  const [a = 0, b = 0, c = 0, d = 0, bits = 0] = match.slice(1).map(Number);
  return { first: ((a * 256 + b) * 256 + c) * 256 + d, size: 2 ** (32 - bits) };
}

/** Throws 422 for a range that is not from /16 to /28, or that another network uses. */
function checkRange(world: World, cidr: unknown): void {
  const wanted = rangeOf(cidr);
  if (wanted === undefined || wanted.size < 16 || wanted.size > 65_536) throw unprocessable('ip_range is invalid');
  const overlaps = world.collections.vpcs.all().some(({ ip_range }) => {
    const used = rangeOf(ip_range);
    return used !== undefined && used.first < wanted.first + wanted.size && wanted.first < used.first + used.size;
  });
  if (overlaps) throw unprocessable('This range/size overlaps with another VPC network in your account.');
}

const isText = (value: unknown): boolean => typeof value === 'string';
const vpcOptions = { 'description?': isText, 'default?': flag };

/** A changed network; a new default network replaces the one of its region. */
function changeVpc(vpc: OpaqueRecord, { world, body }: { world: World; body: OpaqueRecord }): OpaqueRecord {
  const { vpcs } = world.collections;
  if (vpcs.all().some((other) => other.id !== vpc.id && other.name === body.name)) throw unprocessable('name is already in use');
  if (body.default === false && vpc.default === true) throw unprocessable('a region must have a default VPC');
  if (body.default === true)
    for (const other of vpcs.all()) if (other.region === vpc.region && other.default === true) vpcs.put({ ...other, default: false });
  return { ...vpc, ...body };
}

const VPCS: Resource = {
  path: '/v2/vpcs',
  stored: 'vpcs',
  keys: ['vpcs', 'vpc'],
  id: 'id',
  urnType: 'vpc',
  view: vpcView,
  create: {
    fields: { name, region, 'description?': isText, 'ip_range?': text },
    unique: { field: 'name', refusal: 'unprocessable_entity' },
    make: ({ world, body }) => {
      if (body.ip_range !== undefined) checkRange(world, body.ip_range);
      const ip_range = `10.${120 + (world.collections.vpcs.size % 100)}.240.0/20`;
      return { description: '', ip_range, ...body, id: world.random.uuid(), default: false, created_at: world.now };
    },
  },
  remove: {
    check: ({ id, default: isDefault }, { world }) => {
      if (isDefault === true) throw new ProviderRefusal('forbidden', 'Can not delete default VPCs');
      const gateways = world.collections.nat_gateways.all().flatMap(({ vpcs }) => vpcs as { vpc_uuid: string }[]);
      if (membersOf(world, id).length > 0 || gateways.some(({ vpc_uuid }) => vpc_uuid === id))
        throw new ProviderRefusal('conflict', 'Can not delete VPC with members');
      if (peeringsOf(world, id).length > 0) throw new ProviderRefusal('conflict', 'Can not delete VPC with peerings');
    },
  },
  operations: [
    { method: 'PUT', path: '', fields: { name, ...vpcOptions }, change: changeVpc },
    { method: 'PATCH', path: '', fields: { 'name?': name, ...vpcOptions }, change: changeVpc },
    {
      method: 'GET',
      path: 'members',
      answer: ({ id }, { world, request: { query } }) => {
        const type = query.resource_type;
        const members = membersOf(world, id).filter(({ urn }) => type === undefined || String(urn).startsWith(`do:${type}:`));
        return list(
          'members',
          sourceOf(members, (member) => member),
        );
      },
    },
    {
      method: 'GET',
      path: 'peerings',
      answer: ({ id }, { world }) =>
        list(
          'peerings',
          sourceOf(peeringsOf(world, id), (peering) => peering),
        ),
    },
    {
      method: 'POST',
      path: 'peerings',
      fields: { name, vpc_id: network },
      answer: ({ id }, { world, body }) => ok({ peering: peer(world, body.name, [id, body.vpc_id]) }, 202),
    },
  ],
};

const peeringsOf = (world: World, vpcId: unknown) =>
  world.collections.vpc_peerings.all().filter(({ vpc_ids: ids }) => (ids as unknown[]).includes(vpcId));

/** A new peering, stored and active after a delay. Throws 409 when the networks have one, and 422 for one network with itself. */
function peer(world: World, given: unknown, ids: unknown[]): OpaqueRecord {
  const [one, other] = ids;
  if (ids.length !== 2 || one === other) throw unprocessable('vpc_ids must be two networks');
  if (peeringsOf(world, one).some(({ vpc_ids: known }) => (known as unknown[]).includes(other)))
    throw new ProviderRefusal('conflict', 'a peering of these VPCs already exists');
  const peering = { id: world.random.uuid(), name: given, vpc_ids: ids, status: 'PROVISIONING', created_at: world.now };
  readyLater(world, 'vpc_peerings', peering.id, { status: 'ACTIVE' });
  return world.collections.vpc_peerings.put(peering);
}

const PEERINGS: Resource = {
  path: '/v2/vpc_peerings',
  stored: 'vpc_peerings',
  keys: ['vpc_peerings', 'vpc_peering'],
  id: 'id',
  create: {
    fields: { name: like(/^[a-zA-Z0-9-]+$/), vpc_ids: listOf(network, 2) },
    status: 202,
    unique: { field: 'name', refusal: 'conflict' },
    make: ({ world, body }) => peer(world, body.name, body.vpc_ids as unknown[]),
  },
  remove: { answer: (record) => ok({ vpc_peering: { ...record, status: 'DELETING' } }, 202) },
  operations: [
    { method: 'PATCH', path: '', fields: { name: like(/^[a-zA-Z0-9-]+$/) }, change: (peering, { body }) => ({ ...peering, ...body }) },
  ],
};

const gatewayVpcs = listOf((vpc, world) => network((vpc as OpaqueRecord | null)?.vpc_uuid, world), 1);
const timeouts = { 'udp_timeout_seconds?': whole(1), 'icmp_timeout_seconds?': whole(1), 'tcp_timeout_seconds?': whole(1) };
const withGatewayIp = (vpcs: unknown) => (vpcs as { vpc_uuid: string }[]).map(({ vpc_uuid }) => ({ vpc_uuid, gateway_ip: '10.120.0.6' }));

const NAT_GATEWAYS: Resource = {
  path: '/v2/vpc_nat_gateways',
  stored: 'nat_gateways',
  keys: ['vpc_nat_gateways', 'vpc_nat_gateway'],
  id: 'id',
  create: {
    fields: { name, type: oneOf('PUBLIC'), region, size: whole(1, 5), vpcs: gatewayVpcs, ...timeouts, 'project_id?': text },
    status: 202,
    unique: { field: 'name', refusal: 'conflict' },
    make: ({ world, body }) => {
      const id = world.random.uuid();
      const egresses = { public_gateways: [{ ipv4: `203.0.113.${world.random.integer(100, 200)}` }] };
      readyLater(world, 'nat_gateways', id, { state: 'ACTIVE', egresses });
      const given = {
        udp_timeout_seconds: 30,
        icmp_timeout_seconds: 30,
        tcp_timeout_seconds: 300,
        ...body,
        vpcs: withGatewayIp(body.vpcs),
      };
      return { ...given, id, state: 'NEW', egresses: { public_gateways: [] }, created_at: world.now, updated_at: world.now };
    },
  },
  remove: { answer: () => accepted },
  operations: [
    {
      method: 'PUT',
      path: '',
      fields: { name, size: whole(1, 5), 'vpcs?': gatewayVpcs, ...timeouts },
      change: (gateway, { world, body }) => {
        if (gateway.state !== 'ACTIVE') throw unprocessable('the gateway is not active');
        return { ...gateway, ...body, ...(body.vpcs !== undefined && { vpcs: withGatewayIp(body.vpcs) }), updated_at: world.now };
      },
    },
  ],
};

/** Networks with what connects them. */
export const privateNetworksEndpoints: EndpointGroup = {
  routes: routesOf([VPCS, PEERINGS, NAT_GATEWAYS]),
  transitions: { product_ready: productReady },
};

type Rules = Record<string, unknown>[];

const sameJson = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** Adds items to a list that lacks them, or removes them from it. */
function changed<T>(known: readonly T[], given: readonly T[], adding: boolean): T[] {
  const others = known.filter((one) => !given.some((other) => sameJson(one, other)));
  return adding ? [...others, ...given] : others;
}

const RULES = { 'inbound_rules?': listOf(anObject), 'outbound_rules?': listOf(anObject) };

function changeRules(world: World, request: ProviderRequest, adding: boolean): Answer {
  const firewall = existingFirewall(world, request);
  const { inbound_rules: inbound = [], outbound_rules: outbound = [] } = readBody(world, request, RULES) as Record<string, Rules>;
  const inbound_rules = changed(firewall.inbound_rules, inbound, adding);
  const outbound_rules = changed(firewall.outbound_rules, outbound, adding);
  if (inbound_rules.length + outbound_rules.length === 0) throw unprocessable('at least one rule is required');
  applyFirewall(world, { ...firewall, inbound_rules, outbound_rules });
  return noContent;
}

function changeTags(world: World, request: ProviderRequest, adding: boolean): Answer {
  const firewall = existingFirewall(world, request);
  const { tags } = readBody(world, request, { tags: texts }) as { tags: string[] };
  if (tags.some((tag) => world.collections.tags.get(tag.toLowerCase()) === undefined)) throw unprocessable('tags are invalid');
  applyFirewall(world, { ...firewall, tags: changed(firewall.tags, tags, adding) });
  return noContent;
}

function changeTargets(world: World, request: ProviderRequest, adding: boolean): Answer {
  const balancer = existingBalancer(world, request);
  const { droplet_ids: ids } = readBody(world, request, { droplet_ids: listOf(adding ? droplet : number, 1) }) as { droplet_ids: number[] };
  if (balancer.tag !== '') throw unprocessable('droplet_ids and tag cannot be used together');
  world.collections.load_balancers.put({ ...balancer, droplet_ids: changed(balancer.droplet_ids, ids, adding) });
  return noContent;
}

function changeForwarding(world: World, request: ProviderRequest, adding: boolean): Answer {
  const balancer = existingBalancer(world, request);
  const { forwarding_rules: given } = readBody(world, request, { forwarding_rules: listOf(anObject, 1) }) as { forwarding_rules: Rules };
  const forwarding_rules = changed(balancer.forwarding_rules, given, adding);
  if (forwarding_rules.length === 0) throw unprocessable('at least one forwarding rule is required');
  world.collections.load_balancers.put({ ...balancer, forwarding_rules });
  return noContent;
}

/** Changes of one part of a firewall or a load balancer, which leave its other fields as they are. */
export const networkPartsEndpoints: EndpointGroup = {
  routes: [
    ...both('/v2/firewalls/:id/rules', changeRules),
    ...both('/v2/firewalls/:id/tags', changeTags),
    ...both('/v2/load_balancers/:id/droplets', changeTargets),
    ...both('/v2/load_balancers/:id/forwarding_rules', changeForwarding),
    {
      method: 'DELETE',
      path: '/v2/load_balancers/:id/cache',
      handle: (world, request) => {
        if (existingBalancer(world, request).type !== 'GLOBAL') throw unprocessable('only global load balancers have a cache');
        return noContent;
      },
    },
  ],
};

/** A POST that adds and a DELETE that removes. */
function both(path: string, change: (world: World, request: ProviderRequest, adding: boolean) => Answer): Route[] {
  return [
    { method: 'POST', path, handle: (world, request) => change(world, request, true) },
    { method: 'DELETE', path, handle: (world, request) => change(world, request, false) },
  ];
}
