import {
  type Answer,
  badRequest,
  type EndpointGroup,
  list,
  type ListSource,
  noContent,
  notFound,
  objectBody,
  ok,
  ProviderRefusal,
  type ProviderRequest,
  sourceOf,
  unprocessable,
} from '../http/route';
import { parseUrn, selfPath, type Urn } from '../world/derived-fields';
import type { MemberRecord, MemberStatus, ProjectRecord } from '../world/records';
import type { World } from '../world/world';

/** Projects. `default` is accepted instead of an id. */
export const projectsEndpoints: EndpointGroup = {
  routes: [
    {
      method: 'GET',
      path: '/v2/projects',
      handle: (world) =>
        list(
          'projects',
          sourceOf(world.collections.projects.all(), (project) => project),
        ),
    },
    { method: 'POST', path: '/v2/projects', handle: createProject },
    { method: 'GET', path: '/v2/projects/:id', handle: (world, request) => ok({ project: findProject(world, request) }) },
    { method: 'PUT', path: '/v2/projects/:id', handle: (world, request) => changeProject(world, request, 'all') },
    { method: 'PATCH', path: '/v2/projects/:id', handle: (world, request) => changeProject(world, request, 'some') },
    { method: 'DELETE', path: '/v2/projects/:id', handle: deleteProject },
  ],
};

/** The project of the path. */
export function findProject(world: World, { params }: ProviderRequest): ProjectRecord {
  const project = params.id === 'default' ? defaultProject(world) : world.collections.projects.get(params.id ?? '');
  if (project === undefined) throw notFound();
  return project;
}

/** The project of new resources. */
export function defaultProject(world: World): ProjectRecord | undefined {
  return world.collections.projects.all().find((project) => project.is_default);
}

function createProject(world: World, request: ProviderRequest): Answer {
  const fields = parseProjectFields(objectBody(request), ['name', 'purpose']);
  checkName(world, fields);
  const owner = world.collections.projects.all()[0];
  const { uuid, team } = world.value('account');
  const project = world.collections.projects.put({
    id: world.random.uuid(),
    owner_uuid: owner?.owner_uuid ?? team?.uuid ?? uuid,
    owner_id: owner?.owner_id ?? 1,
    name: '',
    description: '',
    purpose: '',
    environment: 'Development',
    created_at: world.now,
    updated_at: world.now,
    ...fields,
    is_default: false,
  });
  return ok({ project }, 201);
}

function changeProject(world: World, request: ProviderRequest, which: 'all' | 'some'): Answer {
  const project = findProject(world, request);
  const required = which === 'all' ? (['name', 'description', 'purpose', 'environment', 'is_default'] as const) : [];
  const fields = parseProjectFields(objectBody(request), required);
  checkName(world, fields, project.id);
  const becomesDefault = fields.is_default === true && !project.is_default;
  const previous = becomesDefault ? defaultProject(world) : undefined;
  if (previous !== undefined) world.collections.projects.put({ ...previous, is_default: false });
  const is_default = project.is_default || becomesDefault;
  return ok({ project: world.collections.projects.put({ ...project, ...fields, is_default, updated_at: world.now }) });
}

function deleteProject(world: World, request: ProviderRequest): Answer {
  const project = findProject(world, request);
  if (project.is_default) throw new ProviderRefusal('precondition_failed', 'cannot delete the default project');
  if (world.indexes.members.under(`project:${project.id}`).length > 0) {
    throw new ProviderRefusal('precondition_failed', 'cannot delete a project with resources. move or remove the resources first');
  }
  world.collections.projects.remove(project.id);
  return noContent;
}

/** Refuses a name that is in use. The status of this refusal is not documented. */
function checkName(world: World, { name }: ProjectFields, ownId?: string): void {
  const taken = world.collections.projects.all().some((project) => project.name === name && project.id !== ownId);
  if (taken) throw new ProviderRefusal('conflict', 'name is already in use');
}

type ProjectFields = Partial<Pick<ProjectRecord, 'name' | 'description' | 'purpose' | 'environment' | 'is_default'>>;

const ENVIRONMENTS = ['Development', 'Staging', 'Production'];
const LENGTHS = { name: 175, description: 255, purpose: 255 };
const PURPOSES = [
  'Just trying out DigitalOcean',
  'Class project / Educational purposes',
  'Website or blog',
  'Web Application',
  'Service or API',
  'Mobile Application',
  'Machine learning / AI / Data processing',
  'IoT',
  'Operational / Developer tooling',
];

/** Reads the fields of a project. A custom purpose is stored as `Other: <text>`. */
function parseProjectFields(body: Record<string, unknown>, required: readonly (keyof ProjectFields)[]): ProjectFields {
  const missing = required.find((field) => body[field] === undefined || body[field] === null || (field === 'name' && body[field] === ''));
  if (missing !== undefined) throw badRequest(`${missing} is a required field`);
  const fields: ProjectFields = {};
  for (const [name, length] of Object.entries(LENGTHS) as [keyof typeof LENGTHS, number][]) {
    const value = body[name];
    if (value === undefined || value === null) continue;
    if (typeof value !== 'string' || value.length > length) throw badRequest(`${name} must be at most ${length} characters`);
    fields[name] = name === 'purpose' ? storedPurpose(value) : value;
  }
  if (typeof body.environment === 'string' && body.environment !== '') fields.environment = readEnvironment(body.environment);
  if (typeof body.is_default === 'boolean') fields.is_default = body.is_default;
  return fields;
}

function readEnvironment(text: string): string {
  const known = ENVIRONMENTS.find((environment) => environment.toLowerCase() === text.toLowerCase());
  if (known === undefined) throw badRequest(`environment must be one of ${ENVIRONMENTS.join(', ')}`);
  return known;
}

function storedPurpose(text: string): string {
  return PURPOSES.includes(text) || text.startsWith('Other: ') ? text : `Other: ${text}`;
}

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
      const project = world.collections.projects.get(String(data?.project_id));
      if (isDropletDeleted(world, String(ref)) || project === undefined) return;
      for (const urn of [String(ref), ...addressesOf(world, String(ref))]) {
        for (const member of membersOf(world, urn)) world.collections.members.remove(member.id);
        addMember(world, project.id, urn);
      }
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
  const ip = urn.kind === 'floatingip' ? world.collections.floating_ips.get(urn.id) : undefined;
  if (ip && ip.droplet_id !== null)
    throw new ProviderRefusal('precondition_failed', 'Cannot move a Reserved IP with an associated Droplet. Move the Droplet instead');
  for (const move of moves) world.collections.pending.remove(move.id);
  world.after('project_assign_ms', 'member_moved', urn.text, { data: { project_id: project.id } });
  return 'assigned';
}

/** The reserved addresses of a droplet, which follow it to another project (docs/digitalocean-facts.md 3.3). */
function addressesOf(world: World, urn: string): string[] {
  const { kind, id } = parseUrn(urn) ?? { kind: '', id: '' };
  const addresses = kind === 'droplet' ? world.collections.floating_ips.all() : [];
  return addresses.flatMap(({ ip, droplet_id }) => (String(droplet_id) === id ? [`do:floatingip:${ip}`] : []));
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
const ASSIGNABLE = 'droplet domain volume floatingip loadbalancer dbaas kubernetes app space reservedipv6 floatingipv6'.split(' ');

function isAssignable({ kind }: Urn): boolean {
  return ASSIGNABLE.includes(kind);
}
