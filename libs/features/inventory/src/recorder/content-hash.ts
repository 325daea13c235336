import { createHash } from 'node:crypto';
import type { Observation } from '../kinds/kind';

/**
 * Equal observations have equal hashes: a page is compared by hash first, and only rows that differ are read and written.
 * Kinds build their attributes in one order, so plain JSON serves; another order would cost a look, never an event.
 */
export function contentHash(seen: Observation): string {
  const content = JSON.stringify([seen.name, seen.region, seen.status, seen.sizeSlug, seen.attrs, seen.parents]);
  return createHash('sha1').update(content).digest('base64');
}
