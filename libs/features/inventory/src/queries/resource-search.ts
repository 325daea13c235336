import type { Queryable } from '#libs/database';
import { canonicalAddress } from '#libs/kernel';
import type { ResourceFilters } from './resource-filters';

export const STATES = { both: ['true'], dead: ['deleted_at is not null'], live: ['deleted_at is null'] } as const;

/** The pattern for a part of a text; addresses are found in any notation. */
export const patternOf = (q: string): string => `%${escapeLike(canonicalAddress(q))}%`;

/** Which of living resources and tombstones the filters select. */
export function stateOf({ status, include_deleted: both }: ResourceFilters): keyof typeof STATES {
  const statuses = [status ?? []].flat();
  if (both || (statuses.length > 1 && statuses.includes('deleted'))) return 'both';
  return statuses[0] === 'deleted' ? 'dead' : 'live';
}

/** A search that finds more is answered in the order of the list, where the next match is near. */
const MOST_FOUND = 2_000;
/** Shorter texts have no trigram. */
const SHORTEST_TEXT = 3;

/**
 * The filters with the ids of what was found in the place of the search and the tag. Row security lets neither of them use an index, so the
 * database has a function for it (`arcadia_resources_found`). Unchanged where it would find too many, and for texts without a trigram.
 */
export async function withFound(on: Queryable, filters: ResourceFilters): Promise<ResourceFilters> {
  const { q, tag, ...others } = filters;
  const text = q !== undefined && q.length >= SHORTEST_TEXT ? patternOf(q) : null;
  if (text === null && tag === undefined) return filters;
  const found = await on.query<{ id: string | null }>('select id from arcadia_resources_found($1, $2, $3, $4) id', [
    text,
    tag ?? null,
    stateOf(filters) === 'live',
    MOST_FOUND,
  ]);
  if (found.length > MOST_FOUND || found[0]?.id === null) return filters;
  return { ...others, ...(text === null && q !== undefined && { q }), ids: found.flatMap(({ id }) => id ?? []) };
}

function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, (sign) => `\\${sign}`);
}
