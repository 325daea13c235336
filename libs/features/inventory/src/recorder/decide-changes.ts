import { looselyEqual } from '#libs/kernel';
import { createHash } from 'node:crypto';
import type { Resource } from '../entities/resource.entity';
import type { Observation } from '../kinds/kind';
import { columnsOf, type Row } from '../view-of';

const KNOWN_FIELDS = [
  'id',
  'providerId',
  'name',
  'region',
  'status',
  'sizeSlug',
  'attrs',
  'contentHash',
  'ownerOverride',
  'staleStrikeCount',
  'recordedAt',
  'deletedAt',
] as const satisfies readonly (keyof Resource)[];

/** The stored row of an object, as it was when the page was compared with it. */
export type KnownResource = Row<Resource, (typeof KNOWN_FIELDS)[number]>;

/** The columns of a `KnownResource`. */
export const KNOWN_COLUMNS = columnsOf(KNOWN_FIELDS);

export type FieldChanges = Record<string, { old: unknown; new: unknown }>;

/** `refreshed`: written without an event, because only volatile fields changed or the strikes were reset. */
export type Change =
  | { readonly what: 'discovered'; readonly seen: Observation; readonly hash: string }
  | {
      readonly what: 'updated' | 'tagged' | 'restored' | 'refreshed';
      readonly known: KnownResource;
      readonly seen: Observation;
      readonly hash: string;
      readonly changes: FieldChanges;
    };

export interface PageDecision {
  readonly known: ReadonlyMap<string, KnownResource>;
  readonly page: readonly { readonly seen: Observation; readonly hash: string }[];
  /** When the page was requested, by the database's clock. */
  readonly requestedAt: Date;
  /** When the sweep began; for a single observation, when it was requested. */
  readonly sweepStartedAt: Date;
  readonly deletionLagMs: number;
  readonly volatileAttrs: readonly string[];
}

/** The changes that a page makes to the stored rows. Pure. An unchanged object has no entry. */
export function decideChanges(decision: PageDecision): Change[] {
  return decision.page.flatMap(({ seen, hash }): Change[] => {
    const known = decision.known.get(seen.providerId);
    if (!known) return [{ what: 'discovered', seen, hash }];
    const change = changeOf(known, seen, hash, decision);
    return change ? [{ what: change.kind, known, seen, hash, changes: change.changes }] : [];
  });
}

function changeOf(known: KnownResource, seen: Observation, hash: string, decision: PageDecision) {
  if (known.recorded_at >= decision.requestedAt) return undefined; // requested before the row was last written, so the row is newer
  const changes = compareFields(known, seen, decision.volatileAttrs);
  if (known.deleted_at) {
    const lagIsOver = decision.sweepStartedAt.getTime() > known.deleted_at.getTime() + decision.deletionLagMs; // [INV-8]
    return lagIsOver ? { kind: 'restored' as const, changes } : undefined;
  }
  const changed = Object.keys(changes);
  if (changed.length === 0)
    return hash === known.content_hash && known.stale_strike_count === 0 ? undefined : { kind: 'refreshed' as const, changes };
  return { kind: changed.length === 1 && changed[0] === 'tags' ? ('tagged' as const) : ('updated' as const), changes };
}

/**
 * The non-volatile fields that differ, in name order, with old and new value. Attributes and columns are compared alike. A field that only
 * one side has comes from another release of this service, not from a change at the provider.
 */
export function compareFields(known: KnownResource, seen: Observation, volatileAttrs: readonly string[]): FieldChanges {
  const before = fieldsOf(known.name, known.region, known.status, known.size_slug, known.attrs);
  const after = fieldsOf(seen.name, seen.region, seen.status, seen.sizeSlug, seen.attrs);
  const names = Object.keys(after).filter((name) => name in before && !volatileAttrs.includes(name));
  const changes: FieldChanges = {};
  for (const name of names.sort()) {
    if (!isSame(name, before[name], after[name])) changes[name] = { old: before[name], new: after[name] };
  }
  return changes;
}

/** The rule of drift, so that a change and a drift never disagree. The provider ignores the letter case of tags. [TRU-2] */
function isSame(field: string, before: unknown, after: unknown): boolean {
  return field === 'tags' ? looselyEqual(inLowerCase(before), inLowerCase(after)) : looselyEqual(before, after);
}

function inLowerCase(tags: unknown): unknown {
  return Array.isArray(tags) ? tags.map((tag) => String(tag).toLowerCase()) : tags;
}

function fieldsOf(
  name: string | null,
  region: string | null,
  status: string,
  sizeSlug: string | null,
  attrs: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return { ...attrs, name, region, status, size_slug: sizeSlug };
}

/**
 * Equal observations have equal hashes: a page is compared by hash first, and only rows that differ are read and written.
 * Each kind builds its attributes in one order, so plain JSON is enough. Another order would cost a read, never an event.
 */
export function contentHash(seen: Observation): string {
  const content = JSON.stringify([seen.name, seen.region, seen.status, seen.sizeSlug, seen.attrs, seen.parents]);
  return createHash('sha1').update(content).digest('base64');
}
