import { type Answer, badRequest, list, noContent, notFound, ok, ProviderRefusal, sourceOf } from '../http/answer';
import { type EndpointGroup, objectBody, type ProviderRequest } from '../http/route';
import type { ProjectRecord } from '../world/records';
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
