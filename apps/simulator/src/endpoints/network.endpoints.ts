import {
  type Answer,
  type EndpointGroup,
  list,
  noContent,
  notFound,
  objectBody,
  ok,
  ProviderRefusal,
  type ProviderRequest,
  sourceOf,
  unprocessable,
} from '../http/route';
import type { FirewallRecord, LoadBalancerRecord } from '../world/records';
import type { World } from '../world/world';
import { readVpc } from './droplet-create';
import { leaveProject, placeInProject } from './projects.endpoints';

type Rules = Record<string, unknown>[];

/** Firewalls. They belong to no project; a PUT resets every field that it does not send. */
export const firewallsEndpoints: EndpointGroup = {
  routes: [
    {
      method: 'GET',
      path: '/v2/firewalls',
      handle: (world) => list('firewalls', sourceOf(world.collections.firewalls.all(), firewallView)),
    },
    {
      method: 'POST',
      path: '/v2/firewalls',
      handle: (world, request) => {
        const fields = readFirewall(world, request);
        const firewall = applyFirewall(world, { id: world.random.uuid(), status: 'waiting', created_at: world.now, ...fields });
        return ok({ firewall: firewallView(firewall) }, 202);
      },
    },
    {
      method: 'GET',
      path: '/v2/firewalls/:id',
      handle: (world, request) => ok({ firewall: firewallView(existingFirewall(world, request)) }),
    },
    {
      method: 'PUT',
      path: '/v2/firewalls/:id',
      handle: (world, request) => {
        const known = existingFirewall(world, request);
        return ok({ firewall: firewallView(applyFirewall(world, { ...known, ...readFirewall(world, request, known.id) })) });
      },
    },
    {
      method: 'DELETE',
      path: '/v2/firewalls/:id',
      handle: (world, request) => {
        world.collections.firewalls.remove(existingFirewall(world, request).id);
        return noContent;
      },
    },
    { method: 'POST', path: '/v2/firewalls/:id/droplets', handle: (world, request) => changeDroplets(world, request, true) },
    { method: 'DELETE', path: '/v2/firewalls/:id/droplets', handle: (world, request) => changeDroplets(world, request, false) },
  ],
  transitions: {
    firewall_applied: (world, { ref }) => {
      const firewall = world.collections.firewalls.get(String(ref));
      if (firewall !== undefined) world.collections.firewalls.put({ ...firewall, status: 'succeeded' });
    },
  },
};

/** A firewall in the API's format: an empty tag list is null. */
export function firewallView(firewall: FirewallRecord): Record<string, unknown> {
  const pending = firewall.status === 'waiting' ? firewall.droplet_ids : [];
  const { tags, ...fields } = firewall;
  return {
    ...fields,
    tags: tags.length === 0 ? null : tags,
    pending_changes: pending.map((droplet_id) => ({ droplet_id, removing: false, status: 'waiting' })),
  };
}

export function existingFirewall(world: World, { params }: ProviderRequest): FirewallRecord {
  const firewall = world.collections.firewalls.get(params.id ?? '');
  if (firewall === undefined) throw notFound();
  return firewall;
}

/** Stores a changed firewall, which is `waiting` until its rules are applied. */
export function applyFirewall(world: World, firewall: FirewallRecord): FirewallRecord {
  world.after('firewall_applied_ms', 'firewall_applied', firewall.id);
  return world.collections.firewalls.put({ ...firewall, status: 'waiting' });
}

function readFirewall(world: World, request: ProviderRequest, ownId?: string) {
  const { name, inbound_rules: inbound, outbound_rules: outbound, droplet_ids: dropletIds, tags } = objectBody(request);
  if (typeof name !== 'string' || !/^[a-zA-Z0-9][a-zA-Z0-9.-]+$/.test(name)) throw unprocessable('name is invalid');
  const rules = { inbound_rules: (inbound ?? []) as Rules, outbound_rules: (outbound ?? []) as Rules };
  if (rules.inbound_rules.length + rules.outbound_rules.length === 0) throw unprocessable('at least one rule is required');
  if (world.collections.firewalls.all().some((firewall) => firewall.name === name && firewall.id !== ownId))
    throw new ProviderRefusal('conflict', 'duplicate name');
  const droplets = (dropletIds ?? []) as number[];
  checkDroplets(world, droplets);
  return { name, ...rules, droplet_ids: droplets, tags: (tags ?? []) as string[] };
}

function checkDroplets(world: World, ids: readonly unknown[]): void {
  if (ids.some((id) => world.collections.droplets.get(Number(id)) === undefined)) throw unprocessable('droplet_ids is invalid');
}

function changeDroplets(world: World, request: ProviderRequest, adding: boolean): Answer {
  const firewall = existingFirewall(world, request);
  const { droplet_ids: ids } = objectBody(request);
  if (!Array.isArray(ids)) throw unprocessable('droplet_ids is required');
  if (adding) checkDroplets(world, ids);
  const others = firewall.droplet_ids.filter((id) => !ids.includes(id));
  applyFirewall(world, { ...firewall, droplet_ids: adding ? [...others, ...ids.map(Number)] : others });
  return noContent;
}

/** Load balancers: `new` and without an address at first; a PUT resets every field that it does not send. */
export const loadBalancersEndpoints: EndpointGroup = {
  routes: [
    {
      method: 'GET',
      path: '/v2/load_balancers',
      handle: (world) =>
        list(
          'load_balancers',
          sourceOf(world.collections.load_balancers.all(), (balancer) => balancerView(world, balancer)),
        ),
    },
    {
      method: 'POST',
      path: '/v2/load_balancers',
      handle: (world, request) => {
        const fields = readBalancer(world, request);
        const id = world.random.uuid();
        const project_id = placeInProject(world, `do:loadbalancer:${id}`, objectBody(request).project_id);
        const made = world.collections.load_balancers.put({ id, project_id, ip: '', status: 'new', created_at: world.now, ...fields });
        world.after('load_balancer_active_ms', 'load_balancer_active', id);
        return ok({ load_balancer: balancerView(world, made) }, 202);
      },
    },
    {
      method: 'GET',
      path: '/v2/load_balancers/:id',
      handle: (world, request) => ok({ load_balancer: balancerView(world, existingBalancer(world, request)) }),
    },
    {
      method: 'PUT',
      path: '/v2/load_balancers/:id',
      handle: (world, request) => {
        const known = existingBalancer(world, request);
        const changed = world.collections.load_balancers.put({ ...known, ...readBalancer(world, request) });
        return ok({ load_balancer: balancerView(world, changed) });
      },
    },
    {
      method: 'DELETE',
      path: '/v2/load_balancers/:id',
      handle: (world, request) => {
        const { id } = existingBalancer(world, request);
        world.collections.load_balancers.remove(id);
        leaveProject(world, `do:loadbalancer:${id}`);
        return noContent;
      },
    },
  ],
  transitions: {
    load_balancer_active: (world, { ref }) => {
      const balancer = world.collections.load_balancers.get(String(ref));
      if (balancer === undefined) return;
      const ip = `164.90.${world.random.integer(0, 255)}.${world.random.integer(1, 254)}`;
      world.collections.load_balancers.put({ ...balancer, status: 'active', ip });
    },
  },
};

/** Documented fields with their documented defaults. */
const OPTIONS: Readonly<Record<string, unknown>> = {
  enable_proxy_protocol: false,
  enable_backend_keepalive: false,
  http_idle_timeout_seconds: 60,
  disable_lets_encrypt_dns_records: false,
  firewall: { deny: [], allow: [] },
  network: 'EXTERNAL',
  network_stack: 'IPV4',
  tls_cipher_policy: 'DEFAULT',
};
/** Documented fields of global load balancers. */
const GLOBAL_OPTIONS: Readonly<Record<string, unknown>> = {
  domains: [],
  glb_settings: { target_protocol: 'http', target_port: 80, cdn: { is_enabled: false }, region_priorities: {}, failover_threshold: 0 },
  target_load_balancer_ids: [],
};

/** A load balancer in the API's format. A global one has no region key; one without IPv6 has an empty address. */
function balancerView(world: World, { region, options, ...fields }: LoadBalancerRecord): Record<string, unknown> {
  const all = { ...OPTIONS, ...(fields.type === 'GLOBAL' && GLOBAL_OPTIONS), ...options };
  const dual = all.network_stack === 'DUALSTACK' && fields.ip !== '';
  return {
    ...fields,
    ipv6: dual ? `2604:a880:800:14::${fields.ip.split('.').slice(2).map(Number).join(':')}` : '',
    size: sizeOf(fields.size_unit),
    ...all,
    ...(region !== null && { region: world.collections.regions.get(region) }),
  };
}

/** The old size with at most this many nodes. */
function sizeOf(nodes: number): string {
  return nodes >= 6 ? 'lb-large' : nodes >= 3 ? 'lb-medium' : 'lb-small';
}

const NODES: Readonly<Record<string, number>> = { 'lb-small': 1, 'lb-medium': 3, 'lb-large': 6 };

export function existingBalancer(world: World, { params }: ProviderRequest): LoadBalancerRecord {
  const balancer = world.collections.load_balancers.get(params.id ?? '');
  if (balancer === undefined) throw notFound();
  return balancer;
}

const HEALTH_CHECK = {
  protocol: 'http',
  port: 80,
  path: '/',
  check_interval_seconds: 10,
  response_timeout_seconds: 5,
  healthy_threshold: 5,
  unhealthy_threshold: 3,
};

function readBalancer(
  world: World,
  request: ProviderRequest,
): Omit<LoadBalancerRecord, 'id' | 'project_id' | 'ip' | 'status' | 'created_at'> {
  const body = objectBody(request) as Partial<LoadBalancerRecord>;
  if (typeof body.name !== 'string' || body.name === '') throw unprocessable('name is required');
  if (!Array.isArray(body.forwarding_rules) || body.forwarding_rules.length === 0) throw unprocessable('forwarding_rules is required');
  const type = body.type ?? 'REGIONAL';
  const { size, droplet_ids: dropletIds = [], tag = '' } = body as { size?: string; droplet_ids?: number[]; tag?: string };
  if (size !== undefined && NODES[size] === undefined) throw unprocessable('size is invalid');
  if (dropletIds.length > 0 && tag !== '') throw unprocessable('droplet_ids and tag cannot be used together');
  checkDroplets(world, dropletIds);
  const known = Object.keys({ ...OPTIONS, ...(type === 'GLOBAL' && GLOBAL_OPTIONS) });
  if (type !== 'GLOBAL' && world.collections.regions.get(String(body.region)) === undefined) throw unprocessable('region is invalid');
  return {
    name: body.name,
    type,
    region: type === 'GLOBAL' ? null : String(body.region),
    size_unit: body.size_unit ?? NODES[size ?? ''] ?? 1,
    algorithm: body.algorithm ?? 'round_robin',
    forwarding_rules: body.forwarding_rules,
    health_check: { ...HEALTH_CHECK, ...body.health_check },
    sticky_sessions: body.sticky_sessions ?? { type: 'none' },
    redirect_http_to_https: body.redirect_http_to_https ?? false,
    droplet_ids: dropletIds,
    tag,
    vpc_uuid: readVpc(world, body.vpc_uuid) ?? world.collections.vpcs.all().map(({ id }) => String(id))[0] ?? '',
    options: Object.fromEntries(Object.entries(body).filter(([name]) => known.includes(name))),
  };
}
