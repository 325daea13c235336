import {
  type Answer,
  badRequest,
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
import type { TagRecord } from '../world/records';
import type { World } from '../world/world';

/** Tags and tagged resources. A tag remains after its droplets until it is deleted. */
export const tagsEndpoints: EndpointGroup = {
  routes: [
    {
      method: 'GET',
      path: '/v2/tags',
      handle: (world, { baseUrl }) =>
        list(
          'tags',
          sourceOf(world.collections.tags.all(), (tag) => tagView(world, tag, baseUrl)),
        ),
    },
    {
      method: 'POST',
      path: '/v2/tags',
      handle: (world, request) => {
        const { name } = objectBody(request);
        if (!isTagName(name)) throw invalidTag(name);
        const [canonical] = registerTags(world, [name]);
        return ok(
          { tag: tagView(world, world.collections.tags.get(String(canonical).toLowerCase()) ?? { name, others: [] }, request.baseUrl) },
          201,
        );
      },
    },
    {
      method: 'GET',
      path: '/v2/tags/:name',
      handle: (world, request) => ok({ tag: tagView(world, existingTag(world, request), request.baseUrl) }),
    },
    { method: 'DELETE', path: '/v2/tags/:name', handle: deleteTag },
    { method: 'POST', path: '/v2/tags/:name/resources', handle: (world, request) => changeResources(world, request, addTag) },
    { method: 'DELETE', path: '/v2/tags/:name/resources', handle: (world, request) => changeResources(world, request, removeTag) },
  ],
};

interface TaggedResource {
  resource_id: string;
  resource_type: string;
}

type Change = (world: World, tag: TagRecord, resource: TaggedResource) => void;

function existingTag(world: World, { params }: ProviderRequest): TagRecord {
  const tag = world.collections.tags.get((params.name ?? '').toLowerCase());
  if (tag === undefined) throw notFound();
  return tag;
}

/** A tag in the API's format. The counts come from the tag's index and follow a change after its delay. */
function tagView(world: World, tag: TagRecord, baseUrl: string): Record<string, unknown> {
  const droplets = world.indexes.droplets.under(`tag:${tag.name}`);
  const [newest] = droplets.newestFirst(0, 1);
  const last = newest === undefined ? {} : { last_tagged_uri: `${baseUrl}/v2/droplets/${newest}` };
  const count = (type: string): { count: number } => ({ count: tag.others.filter(({ resource_type }) => resource_type === type).length });
  const resources = {
    count: droplets.length + tag.others.length,
    ...last,
    droplets: { count: droplets.length, ...last },
    images: count('image'),
    volumes: count('volume'),
    volume_snapshots: count('volume_snapshot'),
    databases: count('database'),
  };
  return { name: tag.name, resources };
}

function deleteTag(world: World, request: ProviderRequest): Answer {
  const tag = existingTag(world, request);
  for (const droplet of world.collections.droplets.all()) {
    if (droplet.tags.includes(tag.name)) removeTag(world, tag, { resource_id: String(droplet.id), resource_type: 'droplet' });
  }
  for (const { resource_id: id, resource_type: type } of tag.others) if (type === 'volume') changeVolume(world, tag, id, false);
  world.collections.tags.remove(tag.name.toLowerCase());
  return noContent;
}

function changeResources(world: World, request: ProviderRequest, change: Change): Answer {
  const { resources } = objectBody(request);
  if (!Array.isArray(resources)) throw badRequest();
  existingTag(world, request);
  const wanted = resources.map(readResource);
  const missing = wanted.find(
    ({ resource_id: id, resource_type: type }) =>
      (type === 'droplet' && !world.collections.droplets.get(Number(id))) || (type === 'volume' && !world.collections.volumes.get(id)),
  );
  if (missing !== undefined) throw notFound();
  for (const resource of wanted) change(world, existingTag(world, request), resource);
  return noContent;
}

function readResource(input: unknown): TaggedResource {
  const { resource_id, resource_type } = (input ?? {}) as Record<string, unknown>;
  if (typeof resource_id !== 'string' || typeof resource_type !== 'string') throw badRequest();
  return { resource_id, resource_type };
}

/** A volume names its tags too. */
function changeVolume(world: World, tag: TagRecord, id: string, add: boolean): void {
  const volume = world.collections.volumes.get(id);
  if (volume === undefined) return;
  const others = volume.tags.filter((name) => name !== tag.name);
  world.collections.volumes.put({ ...volume, tags: add ? [...others, tag.name] : others });
}

export function addTag(world: World, tag: TagRecord, resource: TaggedResource): void {
  if (resource.resource_type !== 'droplet') {
    const known = tag.others.some((other) => other.resource_id === resource.resource_id && other.resource_type === resource.resource_type);
    if (!known) world.collections.tags.put({ ...tag, others: [...tag.others, resource] });
    if (resource.resource_type === 'volume') changeVolume(world, tag, resource.resource_id, true);
    return;
  }
  const droplet = world.collections.droplets.get(Number(resource.resource_id));
  if (droplet === undefined || droplet.tags.includes(tag.name)) return;
  const unindexed = [...(droplet.unindexed_tags ?? []), tag.name];
  world.collections.droplets.put({ ...droplet, tags: [...droplet.tags, tag.name], unindexed_tags: unindexed });
  world.after('tag_listed_ms', 'tags_indexed', droplet.id, { data: { tags: [tag.name] } });
}

export function removeTag(world: World, tag: TagRecord, resource: TaggedResource): void {
  if (resource.resource_type !== 'droplet') {
    const left = tag.others.filter((other) => other.resource_id !== resource.resource_id || other.resource_type !== resource.resource_type);
    world.collections.tags.put({ ...tag, others: left });
    if (resource.resource_type === 'volume') changeVolume(world, tag, resource.resource_id, false);
    return;
  }
  const droplet = world.collections.droplets.get(Number(resource.resource_id));
  if (droplet === undefined) return;
  world.collections.droplets.put({ ...droplet, tags: droplet.tags.filter((name) => name !== tag.name) });
}

/** The refusal of a tag name; the tag endpoints have an error format of their own. */
function invalidTag(name: unknown): ProviderRefusal {
  const error = `Error validating resource tag: "tag-name \\"${String(name)}\\" contains invalid characters"`;
  const root_causes = [`rpc error: code = InvalidArgument desc = ${error}`];
  return new ProviderRefusal('bad_request', error, { error, messages: null, root_causes });
}

const TAG = /^[a-zA-Z0-9_\-:]{1,255}$/;

function isTagName(name: unknown): name is string {
  return typeof name === 'string' && TAG.test(name);
}

/** Returns the tags in their canonical case, which is the first spelling of a tag. Creates unknown tags. */
export function registerTags(world: World, input: unknown): string[] {
  if (!Array.isArray(input)) throw unprocessable('Tags must be an array');
  for (const name of input) if (!isTagName(name)) throw unprocessable('Tag name contains invalid characters');
  return [...new Set(input.map((name) => registerTag(world, String(name))))];
}

function registerTag(world: World, name: string): string {
  const known = world.collections.tags.get(name.toLowerCase());
  return (known ?? world.collections.tags.put({ name, others: [] })).name;
}
