import { canonicalJson } from '#libs/kernel';
import { createHash } from 'node:crypto';

/** So many drafts are read and written together at most. */
const DRAFTS_AT_ONCE = 50;

/** So many lines are read or written together at most, but for those of one draft, which are read together. V8 has no string for a million lines as JSON. */
export const LINES_AT_ONCE = 20_000;

/** Splits drafts, in their order, into groups that are read and written together. Each group has at least one draft. Pure. */
export function draftChunks<T>(drafts: readonly T[], linesOf: (draft: T) => number): T[][] {
  const chunks: T[][] = [];
  let chunk: T[] = [];
  let lines = 0;
  for (const draft of drafts) {
    const more = linesOf(draft);
    if (chunk.length === DRAFTS_AT_ONCE || (chunk.length > 0 && lines + more > LINES_AT_ONCE)) {
      chunks.push(chunk);
      [chunk, lines] = [[], 0];
    }
    chunk.push(draft);
    lines += more;
  }
  return chunk.length > 0 ? [...chunks, chunk] : chunks;
}

/** Splits lines, in their order, into parts that one statement writes. Pure. */
export function lineParts<T>(lines: readonly T[]): T[][] {
  const parts = Array.from({ length: Math.ceil(lines.length / LINES_AT_ONCE) }, (_, nth) => nth * LINES_AT_ONCE);
  return parts.map((from) => lines.slice(from, from + LINES_AT_ONCE));
}

/** SHA-256 of the canonical JSON of a draft, line by line: V8 has no text as long as a million lines. Pure. */
export function digestByLine(draft: { readonly lines: readonly object[] }): string {
  const hash = createHash('sha256');
  for (const [nth, [key, value]] of Object.entries(draft)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .entries()) {
    hash.update(`${nth === 0 ? '{' : ','}${JSON.stringify(key)}:`);
    if (key !== 'lines') hash.update(canonicalJson(value));
    else {
      hash.update('[');
      for (const [at, line] of draft.lines.entries()) hash.update(`${at === 0 ? '' : ','}${canonicalJson(line)}`);
      hash.update(']');
    }
  }
  return hash.update('}').digest('hex');
}
