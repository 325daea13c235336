/** DigitalOcean's name of an object across kinds: `do:<type>:<id>`. */
export interface Urn {
  /** Lower case; may be one we have never heard of. */
  readonly type: string;
  readonly id: string;
  /** The whole name in its one notation; aliases of a type are still different names. */
  readonly urn: string;
}

/** Longest URN that is taken for one (OPS-10); bucket and domain names end at 253 characters. */
const MAX_LENGTH = 512;

/**
 * Reads a URN, or answers undefined when the text is none.
 * Only the first two colons separate: IPv6 ids contain more. Types are compared in lower case, as godo does.
 */
export function parseUrn(text: string): Urn | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const found = /^do:([a-z0-9_.-]+):(\S+)$/i.exec(text);
  if (!found?.[1] || !found[2]) return undefined;
  const type = found[1].toLowerCase();
  return { type, id: found[2], urn: formatUrn(type, found[2]) };
}

export function formatUrn(type: string, id: string): string {
  return `do:${type}:${id}`;
}
