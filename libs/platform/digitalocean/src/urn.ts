/** DigitalOcean's name of an object across kinds: `do:<type>:<id>`. */
export interface Urn {
  /** Lower case; may be a type that inventory does not know. */
  readonly type: string;
  readonly id: string;
  /** The whole name in its normal form; aliases of a type remain different names. */
  readonly urn: string;
}

/** The longest URN that is accepted; bucket and domain names have at most 253 characters. [OPS-10] */
const MAX_LENGTH = 512;

/**
 * Parses a URN; returns undefined for any other text.
 * Only the first two colons separate, because IPv6 ids contain more. Types are compared in lower case, as godo does.
 */
export function parseUrn(text: string): Urn | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const match = /^do:([a-z0-9_.-]+):(\S+)$/i.exec(text);
  if (!match?.[1] || !match[2]) return undefined;
  const type = match[1].toLowerCase();
  return { type, id: match[2], urn: formatUrn(type, match[2]) };
}

export function formatUrn(type: string, id: string): string {
  return `do:${type}:${id}`;
}
