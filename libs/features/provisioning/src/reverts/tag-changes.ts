import { isReservedTag } from '../provider/saga-tags';

/** What has to be put on a thing, and what has to go. */
export interface TagChanges {
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

/** From the tags of a thing to the wanted ones. Our own stay as they are. The provider tells tags apart without regard to letter case. Pure. */
export function tagChanges(now: readonly string[], wanted: readonly string[]): TagChanges {
  const missing = (from: readonly string[], tag: string) => !from.some((known) => known.toLowerCase() === tag.toLowerCase());
  const others = now.filter((tag) => !isReservedTag(tag));
  return {
    add: wanted.filter((tag) => !isReservedTag(tag) && missing(others, tag)),
    remove: others.filter((tag) => missing(wanted, tag)),
  };
}
