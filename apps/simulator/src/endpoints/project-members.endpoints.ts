import { type Answer, badRequest, list, type ListSource, ok, unprocessable } from '../http/answer';
import { type EndpointGroup, objectBody, type ProviderRequest } from '../http/route';
import type { MemberRecord, MemberStatus, ProjectRecord } from '../world/records';
import type { World } from '../world/world';
import { defaultProject, findProject } from './projects.endpoints';

const URN_FORM = 'resource objects must have an urn in the following format: do:resource_type:resource_id';

/** The resources of projects. A move is asynchronous: the previous project lists the resource for a delay. */
export const projectMembersEndpoints: EndpointGroup = {
  routes: [
    { method: 'GET', path: '/v2/projects/:id/resources', handle: listMembers },
    { method: 'POST', path: '/v2/projects/:id/resources', handle: assignMembers },
  ],
  transitions: {
    /** Adds a new resource to the default project, unless another assignment came first. */
    member_default: (world, { ref }) => {
      const urn = String(ref);
      const project = defaultProject(world);
      if (project === undefined || isDropletDeleted(world, urn) || membersOf(world, urn).length > 0) return;
      addMember(world, project.id, urn);
    },
    member_moved: (world, { ref, data }) => {
      const urn = String(ref);
      if (isDropletDeleted(world, urn) || world.collections.projects.get(String(data?.project_id)) === undefined) return;
      for (const member of membersOf(world, urn)) world.collections.members.remove(member.id);
      addMember(world, String(data?.project_id), urn);
    },
    member_dropped: (world, { ref }) => {
      for (const member of membersOf(world, String(ref))) world.collections.members.remove(member.id);
    },
  },
};

/** Lists the resources of a project. The path `default` returns all of them at once; every other list is paged. */
function listMembers(world: World, request: ProviderRequest): Answer {
  const ids = world.indexes.members.under(`project:${findProject(world, request).id}`);
  const render = (id: number): unknown => {
    const member = world.collections.members.get(id);
    return member && memberView(member.urn, member.assigned_at, currentStatus(world, member), request.baseUrl);
  };
  const source: ListSource = { total: ids.length, slice: (from, to) => ids.slice(from, to).map(render) };
  return list('resources', source, { paged: request.params.id !== 'default' });
}

/** Assigns the resources sent and returns each with its new status. */
function assignMembers(world: World, request: ProviderRequest): Answer {
  const project = findProject(world, request);
  const { resources } = objectBody(request);
  if (!Array.isArray(resources)) throw badRequest(URN_FORM);
  const urns = resources.map((resource) => {
    const urn = parseUrn(resource);
    if (urn === undefined) throw badRequest(URN_FORM);
    if (!isAssignable(urn) && membersOf(world, urn.text).length === 0)
      throw badRequest(`resource type ${urn.kind} can not be assigned to a project`);
    return urn;
  });
  return ok({ resources: urns.map((urn) => memberView(urn.text, world.now, assign(world, project, urn), request.baseUrl)) });
}

function assign(world: World, project: ProjectRecord, urn: Urn): MemberStatus {
  const members = membersOf(world, urn.text);
  if (members.some(({ status }) => status === 'service_down')) return 'service_down';
  if (!exists(world, urn, members)) return 'not_found';
  const moves = world.collections.pending.all().filter(({ type, ref }) => type === 'member_moved' && ref === urn.text);
  const target = moves.at(-1)?.data?.project_id ?? members.at(-1)?.project_id;
  if (target === project.id) return 'already_assigned';
  for (const move of moves) world.collections.pending.remove(move.id);
  world.after('project_assign_ms', 'member_moved', urn.text, { data: { project_id: project.id } });
  return 'assigned';
}

function exists(world: World, urn: Urn, members: MemberRecord[]): boolean {
  if (urn.kind === 'droplet') return !isDropletDeleted(world, urn.text);
  return members.some(({ status }) => status !== 'not_found');
}

function isDropletDeleted(world: World, urn: string): boolean {
  const parsed = parseUrn(urn);
  if (parsed?.kind !== 'droplet') return false;
  const droplet = world.collections.droplets.get(Number(parsed.id));
  return droplet === undefined || (droplet.deleted_at !== undefined && droplet.hidden?.includes('get') === true);
}

/** The status of a member: `not_found` when its droplet has been deleted. */
function currentStatus(world: World, member: MemberRecord): MemberStatus {
  return member.status === 'ok' && isDropletDeleted(world, member.urn) ? 'not_found' : member.status;
}

function membersOf(world: World, urn: string): MemberRecord[] {
  const ids = world.indexes.members.under(`urn:${urn}`);
  return ids.slice(0, ids.length).flatMap((id) => world.collections.members.get(id) ?? []);
}

function addMember(world: World, projectId: string, urn: string): void {
  world.collections.members.put({ id: world.nextId('member'), project_id: projectId, urn, assigned_at: world.now, status: 'ok' });
}

function memberView(text: string, assigned_at: string, status: MemberStatus, baseUrl: string): Record<string, unknown> {
  const urn = parseUrn(text) ?? { kind: 'unknown', id: text, text };
  return { urn: text, assigned_at, links: { self: `${baseUrl}${selfPath(urn)}` }, status };
}

/** Schedules the membership of a new resource in the requested project, or in the default one. Returns the project's id. */
export function placeInProject(world: World, urn: string, requested: unknown): string {
  const fallback = world.collections.projects.all().find(({ is_default }) => is_default)?.id ?? '';
  if (requested === undefined || requested === '') {
    world.after('member_default_ms', 'member_default', urn);
    return fallback;
  }
  if (typeof requested !== 'string' || world.collections.projects.get(requested) === undefined)
    throw unprocessable('project_id is invalid');
  world.after('member_default_ms', 'member_moved', urn, { data: { project_id: requested } });
  return requested;
}

/** Schedules the end of a deleted resource's membership; its project lists it until then. */
export function leaveProject(world: World, urn: string): void {
  world.after('member_drop_ms', 'member_dropped', urn);
}

/** Kinds that can be assigned to a project. `reservedip` is refused: reserved IPs have the kind `floatingip` here. */
const ASSIGNABLE = [
  'droplet',
  'domain',
  'volume',
  'floatingip',
  'loadbalancer',
  'dbaas',
  'kubernetes',
  'app',
  'space',
  'reservedipv6',
  'floatingipv6',
];

/** A resource name `do:<kind>:<id>`; the id may contain colons (IPv6). */
interface Urn {
  kind: string;
  id: string;
  text: string;
}

/** Parses a URN; returns undefined for any other value. Kinds are converted to lower case. */
function parseUrn(input: unknown): Urn | undefined {
  const match = typeof input === 'string' ? /^do:([a-z0-9_]+):(.+)$/i.exec(input) : null;
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  const kind = match[1].toLowerCase();
  return { kind, id: match[2], text: `do:${kind}:${match[2]}` };
}

function isAssignable({ kind }: Urn): boolean {
  return ASSIGNABLE.includes(kind);
}

/** The path of the resource's own endpoint, for `links.self`. */
function selfPath({ kind, id }: Urn): string {
  const folders: Record<string, string> = {
    droplet: 'droplets',
    domain: 'domains',
    volume: 'volumes',
    floatingip: 'floating_ips',
    floatingipv6: 'reserved_ipv6',
    reservedipv6: 'reserved_ipv6',
    loadbalancer: 'load_balancers',
    dbaas: 'databases',
    kubernetes: 'kubernetes/clusters',
    app: 'apps',
    image: 'images',
    volumesnapshot: 'snapshots',
  };
  return `/v2/${folders[kind] ?? `${kind}s`}/${encodeURIComponent(id)}`;
}
