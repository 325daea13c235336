import { list, noContent, ok, sourceOf, type Answer } from '../http/answer';
import { notFound, ProviderRefusal } from '../http/provider-refusal';
import { objectBody } from '../http/request-body';
import type { Family, ProviderRequest } from '../http/route';
import type { ProjectRecord } from '../world/records';
import type { World } from '../world/world';
import { parseProjectFields, type ProjectFields } from './project-fields';

/** Projects; `default` works wherever an id does. */
export const projectsFamily: Family = {
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

/** The project that new resources land in. */
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
  const former = becomesDefault ? defaultProject(world) : undefined;
  if (former !== undefined) world.collections.projects.put({ ...former, is_default: false });
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

/** Names are unique; the status of the refusal is not documented. */
function checkName(world: World, { name }: ProjectFields, ownId?: string): void {
  const taken = world.collections.projects.all().some((project) => project.name === name && project.id !== ownId);
  if (taken) throw new ProviderRefusal('conflict', 'name is already in use');
}
