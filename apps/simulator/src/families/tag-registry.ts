import { unprocessable } from '../http/provider-refusal';
import type { World } from '../world/world';

const TAG = /^[a-zA-Z0-9_\-:]{1,255}$/;

export function isTagName(name: unknown): name is string {
  return typeof name === 'string' && TAG.test(name);
}

/** The tags in their canonical case: the first spelling of a tag stays. Unknown ones are created. */
export function registerTags(world: World, input: unknown): string[] {
  if (!Array.isArray(input)) throw unprocessable('Tags must be an array');
  for (const name of input) if (!isTagName(name)) throw unprocessable('Tag name contains invalid characters');
  return [...new Set(input.map((name) => registerTag(world, String(name))))];
}

function registerTag(world: World, name: string): string {
  const known = world.collections.tags.get(name.toLowerCase());
  return (known ?? world.collections.tags.put({ name, others: [] })).name;
}
