import {
  accepted,
  type Answer,
  type EndpointGroup,
  integerParam,
  list,
  noContent,
  notFound,
  objectBody,
  ok,
  pendingEvent,
  type ProviderRequest,
  type Route,
  sourceOf,
  unprocessable,
} from '../http/route';
import type { ReservedIpRecord } from '../world/records';
import type { World } from '../world/world';
import { actionView, completeAction, startResourceAction } from './actions.endpoints';
import { droplet, flag, like, oneOf, readBody, region, text } from './body-fields';
import { isBusy } from './droplet-lifecycle';
import { dropletView } from './droplet-view';
import { leaveProject, placeInProject } from './projects.endpoints';
import { readyLater, type Resource, routesOf } from './resource-routes';

/** One set of addresses under two names: `/v2/reserved_ips` since 2022, and `/v2/floating_ips`, which the provider still serves. */
export const reservedIpsEndpoints: EndpointGroup = {
  routes: [...routesUnder('reserved_ip'), ...routesUnder('floating_ip')],
  transitions: {
    ip_action_done: (world, { ref, data }) => {
      completeAction(world, ref);
      const address = world.collections.floating_ips.get(String(data?.ip));
      if (address === undefined) return;
      const droplet = world.collections.droplets.get(Number(data?.droplet_id ?? 0));
      world.collections.floating_ips.put({ ...address, droplet_id: droplet?.id ?? null });
    },
  },
};

function routesUnder(word: string): Route[] {
  const path = `/v2/${word}s`;
  const view = (world: World, address: ReservedIpRecord) => reservedIpView(world, address);
  return [
    {
      method: 'GET',
      path,
      handle: (world) =>
        list(
          `${word}s`,
          sourceOf(world.collections.floating_ips.all(), (address) => view(world, address)),
        ),
    },
    { method: 'POST', path, handle: (world, request) => reserve(world, request, word) },
    { method: 'GET', path: `${path}/:ip`, handle: (world, request) => ok({ [word]: view(world, existingIp(world, request)) }) },
    { method: 'DELETE', path: `${path}/:ip`, handle: release },
    { method: 'GET', path: `${path}/:ip/actions`, handle: listActions },
    { method: 'POST', path: `${path}/:ip/actions`, handle: (world, request) => act(world, request, word) },
    { method: 'GET', path: `${path}/:ip/actions/:action_id`, handle: getAction },
  ];
}

function reservedIpView(world: World, { ip, region, droplet_id, locked, project_id }: ReservedIpRecord): Record<string, unknown> {
  const droplet = droplet_id === null ? undefined : world.collections.droplets.get(droplet_id);
  return { ip, region: world.collections.regions.get(region), droplet: droplet ? dropletView(world, droplet) : null, locked, project_id };
}

function existingIp(world: World, { params }: ProviderRequest): ReservedIpRecord {
  const address = world.collections.floating_ips.get(params.ip ?? '');
  if (address === undefined) throw notFound();
  return address;
}

function reserve(world: World, request: ProviderRequest, word: string): Answer {
  const { droplet_id: dropletId, region, project_id: projectId } = objectBody(request);
  const droplet = dropletId === undefined ? undefined : world.collections.droplets.get(Number(dropletId));
  if (dropletId !== undefined && droplet === undefined) throw unprocessable('droplet_id is invalid');
  const slug = droplet?.region ?? String(region);
  if (world.collections.regions.get(slug) === undefined) throw unprocessable('region is invalid');
  const ip = freeAddress(world);
  const project_id = placeInProject(world, `do:floatingip:${ip}`, projectId);
  const address = world.collections.floating_ips.put({ ip, region: slug, droplet_id: null, locked: false, project_id });
  const action = droplet && assign(world, address, droplet.id, word);
  const href = (path: string) => `${request.baseUrl}/v2/${path}`;
  const links = action && {
    droplets: [{ id: droplet.id, rel: 'droplet', href: href(`droplets/${droplet.id}`) }],
    actions: [{ id: action.id, rel: 'assign_ip', href: href(`actions/${action.id}`) }],
  };
  return ok({ [word]: reservedIpView(world, address), links: links ?? {} }, 202);
}

function freeAddress(world: World): string {
  for (;;) {
    const ip = `174.138.${world.random.integer(0, 255)}.${world.random.integer(1, 254)}`;
    if (world.collections.floating_ips.get(ip) === undefined) return ip;
  }
}

function release(world: World, request: ProviderRequest): Answer {
  const { ip } = existingIp(world, request);
  world.collections.floating_ips.remove(ip);
  leaveProject(world, `do:floatingip:${ip}`);
  return noContent;
}

function act(world: World, request: ProviderRequest, word: string): Answer {
  const address = existingIp(world, request);
  const { type, droplet_id: dropletId } = objectBody(request);
  const isPending = world.collections.actions.all().some(({ status, input }) => status === 'in-progress' && input?.ip === address.ip);
  if (isPending) throw unprocessable('The address already has a pending event.');
  if (type === 'unassign') {
    if (address.droplet_id === null) throw unprocessable('The address is not assigned to a Droplet.');
    return ok({ action: actionView(world, assign(world, address, null, word)) }, 201);
  }
  if (type !== 'assign') throw unprocessable('type is invalid');
  const droplet = world.collections.droplets.get(Number(dropletId));
  if (droplet === undefined) throw notFound();
  if (droplet.region !== address.region) throw unprocessable('Droplet and address must be in the same region');
  const others = world.collections.floating_ips.all().filter(({ ip }) => ip !== address.ip);
  if (others.some(({ droplet_id }) => droplet_id === droplet.id)) throw unprocessable('Droplet already has a reserved IP.');
  if (isBusy(world, droplet)) throw pendingEvent();
  return ok({ action: actionView(world, assign(world, address, droplet.id, word)) }, 201);
}

/** Starts an assign or unassign action; its resource id is the address as one number. */
function assign(world: World, { ip, region }: ReservedIpRecord, dropletId: number | null, word: string) {
  const number = ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const action = startResourceAction(world, dropletId === null ? 'unassign_ip' : 'assign_ip', word, number, region, { ip });
  world.after('ip_action_ms', 'ip_action_done', action.id, { data: { ip, droplet_id: dropletId } });
  return action;
}

function listActions(world: World, request: ProviderRequest): Answer {
  const { ip } = existingIp(world, request);
  const own = world.collections.actions.all().filter((action) => action.hidden !== true && action.input?.ip === ip);
  return list(
    'actions',
    sourceOf(own.toReversed(), (action) => actionView(world, action)),
  );
}

function getAction(world: World, request: ProviderRequest): Answer {
  const { ip } = existingIp(world, request);
  const action = world.collections.actions.get(integerParam(request, 'action_id') ?? 0);
  if (action === undefined || action.hidden === true || action.input?.ip !== ip) throw notFound();
  return ok({ action: actionView(world, action) });
}

const RESERVED_IPV6: Resource = {
  path: '/v2/reserved_ipv6',
  stored: 'reserved_ipv6s',
  keys: ['reserved_ipv6s', 'reserved_ipv6'],
  id: 'ip',
  urnType: 'reservedipv6',
  view: ({ droplet_id: id, ...address }, world) => {
    const assigned = typeof id === 'number' ? world.collections.droplets.get(id) : undefined;
    return { ...address, ...(assigned && { droplet: dropletView(world, assigned) }) };
  },
  create: {
    fields: { region_slug: region },
    make: ({ world, body }) => {
      const part = () => world.random.integer(4_096, 65_535).toString(16);
      return { ...body, ip: `2604:a880:800:14::${part()}:${part()}`, reserved_at: world.now };
    },
  },
  remove: {
    check: ({ droplet_id: id }) => {
      if (typeof id === 'number') throw unprocessable('Please unassign the reserved IPv6 first.');
    },
  },
};

/** Assigns an address to a droplet of its region, or takes it away. */
function actOnIpv6(world: World, request: ProviderRequest): Answer {
  const address = world.collections.reserved_ipv6s.get(request.params.id ?? '');
  if (address === undefined) throw notFound();
  const { type, droplet_id: id } = readBody(world, request, { type: oneOf('assign', 'unassign'), 'droplet_id?': droplet });
  const isAssigned = typeof address.droplet_id === 'number';
  if (type === 'unassign' && !isAssigned) throw unprocessable('The address is not assigned to a Droplet.');
  if (type === 'assign' && typeof id !== 'number') throw unprocessable('droplet_id is required');
  if (type === 'assign' && world.collections.droplets.get(Number(id))?.region !== address.region_slug)
    throw unprocessable('Droplet and address must be in the same region');
  const place = String(address.region_slug);
  const action = startResourceAction(world, `${String(type)}_ip`, 'reserved_ipv6', 0, place, { ip: address.ip });
  world.after('ip_action_ms', 'ipv6_action_done', action.id, { data: { ip: address.ip, droplet_id: type === 'assign' ? id : null } });
  return ok({ action: actionView(world, action) }, 201);
}

const PREFIXES: Resource = {
  path: '/v2/byoip_prefixes',
  stored: 'byoip_prefixes',
  keys: ['byoip_prefixes', 'byoip_prefix'],
  id: 'uuid',
  create: {
    fields: { prefix: like(/^[0-9.]+\/(1[89]|2[0-4])$/), region, signature: text },
    status: 202,
    unique: { field: 'prefix', refusal: 'unprocessable_entity' },
    make: ({ world, body: { prefix, region: slug } }) => {
      const uuid = world.random.uuid();
      readyLater(world, 'byoip_prefixes', uuid, { status: 'active' });
      const state = { status: 'pending', failure_reason: '', locked: false, advertised: false, validations: [] };
      return { uuid, name: prefix, prefix, region: slug, ...state };
    },
    answer: ({ uuid, region: slug, status }) => ok({ uuid, region: slug, status }, 202),
  },
  remove: {
    check: ({ advertised }) => {
      if (advertised === true) throw unprocessable('an advertised prefix can not be deleted');
    },
    answer: () => accepted,
  },
  operations: [
    {
      method: 'PATCH',
      path: '',
      status: 202,
      fields: { advertise: flag },
      change: (prefix, { body }) => {
        if (prefix.status !== 'active') throw unprocessable('the prefix is not active');
        return { ...prefix, advertised: body.advertise };
      },
    },
    {
      method: 'GET',
      path: 'ips',
      answer: () =>
        list(
          'ips',
          sourceOf([], (address) => address),
        ),
    },
  ],
};

/** Addresses of IPv6, and prefixes that the account brings along. */
export const ipv6Endpoints: EndpointGroup = {
  routes: [...routesOf([RESERVED_IPV6, PREFIXES]), { method: 'POST', path: '/v2/reserved_ipv6/:id/actions', handle: actOnIpv6 }],
  transitions: {
    ipv6_action_done: (world, { ref, data }) => {
      completeAction(world, ref);
      const address = world.collections.reserved_ipv6s.get(String(data?.ip));
      if (address === undefined) return;
      const { droplet_id: _before, ...fields } = address;
      world.collections.reserved_ipv6s.put({ ...fields, ...(typeof data?.droplet_id === 'number' && { droplet_id: data.droplet_id }) });
    },
  },
};
