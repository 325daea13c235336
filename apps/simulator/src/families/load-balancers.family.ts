import { list, noContent, ok, sourceOf } from '../http/answer';
import { notFound, unprocessable } from '../http/provider-refusal';
import { objectBody } from '../http/request-body';
import type { Family, ProviderRequest } from '../http/route';
import type { LoadBalancerRecord } from '../world/records';
import type { World } from '../world/world';
import { leaveProject, placeInProject } from './project-place';

/** Load balancers: `new` without an address for a while; a PUT replaces everything that it does not send. */
export const loadBalancersFamily: Family = {
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

/** A global one names no region at all. */
function balancerView(world: World, balancer: LoadBalancerRecord): Record<string, unknown> {
  const { region, ...shown } = balancer;
  return { ...shown, network: 'EXTERNAL', ...(region !== null && { region: world.collections.regions.get(region) }) };
}

function existingBalancer(world: World, { params }: ProviderRequest): LoadBalancerRecord {
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
  if (type !== 'GLOBAL' && world.collections.regions.get(String(body.region)) === undefined) throw unprocessable('region is invalid');
  return {
    name: body.name,
    type,
    region: type === 'GLOBAL' ? null : String(body.region),
    size_unit: body.size_unit ?? 1,
    algorithm: body.algorithm ?? 'round_robin',
    forwarding_rules: body.forwarding_rules,
    health_check: { ...HEALTH_CHECK, ...body.health_check },
    sticky_sessions: body.sticky_sessions ?? { type: 'none' },
    redirect_http_to_https: body.redirect_http_to_https ?? false,
    droplet_ids: body.droplet_ids ?? [],
    tag: body.tag ?? '',
    vpc_uuid: body.vpc_uuid ?? world.collections.vpcs.all().map(({ id }) => String(id))[0] ?? '',
  };
}
