import type { Collection } from './collection';
import { KeyedIndex } from './keyed-index';
import type { ActionRecord, DropletRecord, ImageRecord, MemberRecord } from './records';

interface Indexed {
  droplets: Collection<DropletRecord>;
  actions: Collection<ActionRecord>;
  images: Collection<ImageRecord>;
  members: Collection<MemberRecord>;
}

/** Who is visible in which list, so that a page of 200 out of 100,000 is one slice. */
export class WorldIndexes {
  /** Keys: `droplets`, `gpus`, `name:<lower case>`, `tag:<canonical name>`. GPU droplets appear under `gpus` only. */
  readonly droplets = new KeyedIndex(dropletKeys);
  /** Keys: `all`, `droplet:<id>`, `busy:<droplet id>` (in progress, visible or not). */
  readonly actions = new KeyedIndex(actionKeys);
  /** Keys: `all`, `public`, `private`, `distribution`, `application`, `tag:<name>`, `snapshot:<droplet id>`, `backup:<droplet id>`. */
  readonly images = new KeyedIndex(imageKeys);
  /** Keys: `project:<id>`, `urn:<urn>`. */
  readonly members = new KeyedIndex((member: MemberRecord) => [`project:${member.project_id}`, `urn:${member.urn}`]);

  constructor(collections: Indexed) {
    collections.droplets.watch((before, after) => this.droplets.update(before, after));
    collections.actions.watch((before, after) => this.actions.update(before, after));
    collections.images.watch((before, after) => this.images.update(before, after));
    collections.members.watch((before, after) => this.members.update(before, after));
  }
}

/** GPU sizes are recognised by their slug, as the catalogue names them. */
export function isGpuSize(sizeSlug: string): boolean {
  return sizeSlug.startsWith('gpu-');
}

function dropletKeys(droplet: DropletRecord): string[] {
  const listed = droplet.hidden?.includes('list') !== true;
  if (isGpuSize(droplet.size_slug)) return listed ? ['gpus'] : [];
  const keys = listed ? ['droplets', `name:${droplet.name.toLowerCase()}`] : [];
  if (droplet.hidden?.includes('tag') === true) return keys;
  for (const tag of droplet.tags) if (droplet.unindexed_tags?.includes(tag) !== true) keys.push(`tag:${tag}`);
  return keys;
}

function actionKeys(action: ActionRecord): string[] {
  const keys = action.hidden === true ? [] : ['all'];
  if (action.resource_type !== 'droplet') return keys;
  if (action.hidden !== true) keys.push(`droplet:${action.resource_id}`);
  if (action.status === 'in-progress') keys.push(`busy:${action.resource_id}`);
  return keys;
}

function imageKeys(image: ImageRecord): string[] {
  if (image.hidden === true || image.status === 'deleted' || image.status === 'retired') return [];
  const keys = ['all', image.public ? 'public' : 'private', ...image.tags.map((tag) => `tag:${tag}`)];
  if (image.public) keys.push(image.type === 'application' ? 'application' : 'distribution');
  if (image.resource_id !== undefined) keys.push(`${image.type}:${image.resource_id}`);
  return keys;
}
