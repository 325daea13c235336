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
