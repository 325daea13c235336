import type { TokenPurpose } from '#libs/config';
import { idText, MalformedAnswerError, optionalRecord, optionalText, record, type Fields } from '#libs/digitalocean';
import { canonicalValue } from '#libs/kernel';

/** One list of the provider, read page by page. */
export interface KindList {
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** The field of the response that contains the objects. */
  readonly key: string;
  /** Whether a listed object is of this kind. Absent: every object is. */
  readonly includes?: (raw: unknown) => boolean;
}

/** The parent kind of objects that do not name their parent themselves: the parent's row lists their ids. */
export interface NamedBy {
  readonly kind: string;
  /** The parent's attribute that contains the ids. */
  readonly attr: string;
  /** The list of one parent's objects, requested only when the kind's own list lacks ids that the parent names. */
  readonly list: { readonly path: (parentId: string) => string; readonly key: string };
}

/**
 * One object from a provider list, reduced to the fields that we keep, in one notation: lists are sorted as sets, addresses short, slugs in
 * lower case, times in UTC, and nothing is null or an empty list. Equal objects give equal observations. [TRU-2]
 */
export interface Observation {
  readonly providerId: string;
  /** The type in the object's URN, for kinds with several. Absent: the kind's first URN type. */
  readonly urnType?: string;
  readonly name: string | null;
  readonly region: string | null;
  readonly status: string;
  readonly sizeSlug: string | null;
  readonly attrs: Readonly<Record<string, unknown>>;
  /**
   * `<kind>/<provider id>` of the resources that this one was made from or belongs to. Their tenant is its tenant unless a closer rule
   * decides.
   */
  readonly parents: readonly string[];
}

/** The declaration of one resource kind: how to list it, which fields to keep, and how often to sweep it. */
export interface Kind {
  readonly kind: string;
  /** The types in `do:<type>:<id>`. We write the first; the others are aliases. */
  readonly urnTypes: readonly [string, ...string[]];
  readonly sync: { readonly queue: Exclude<TokenPurpose, 'billing' | 'provisioning'>; readonly cron: string; readonly everyMs: number };
  /** A sweep is complete only when every one of these lists is. */
  readonly lists: readonly KindList[];
  /** The request for one object by id. Absent: a missing object cannot be confirmed, so its strikes alone decide. */
  readonly fetch?: { readonly path: (providerId: string) => string; readonly key: string };
  readonly namedBy?: NamedBy;
  /** Its sweep also reads the backup plans of the droplets. */
  readonly readsBackupPolicies?: true;
  /** Attributes that change without any action: they are kept up to date and never cause an event. */
  readonly volatileAttrs: readonly string[];
  /** The field with the provider's id. Absent: `id`. */
  readonly idField?: 'name' | 'ip';
  /** The one notation of ids that have several, e.g. domains in capitals. Absent: ids have one notation. */
  readonly canonicalId?: (id: string) => string;
  /** Reads one raw object. Throws the client's malformed-answer error when the value is not such an object. */
  readonly observe: (raw: unknown) => Observation;
}

/** The id of a raw object, also of one that `observe` refuses. Undefined when the id is unreadable too. */
export function readableId(kind: Pick<Kind, 'idField' | 'canonicalId'>, raw: unknown): string | undefined {
  try {
    return canonicalIdOf(kind, idText(record(raw, 'object'), kind.idField ?? 'id'));
  } catch (error) {
    if (error instanceof MalformedAnswerError) return undefined;
    throw error;
  }
}

/** The id in its one notation. Every id from outside the kind's own list passes through here: URNs, actions, names in requests. */
export function canonicalIdOf(kind: Pick<Kind, 'canonicalId'> | undefined, id: string): string {
  return kind?.canonicalId?.(id) ?? id;
}

/** Declares a kind, so that the compiler checks the declaration in its own file. */
export function defineKind(kind: Kind): Kind {
  return Object.freeze({ ...kind, observe: (raw: unknown) => withoutDeletedStatus(kind.observe(raw)) });
}

/**
 * Renames the provider's status `deleted` to `deleting`: our status `deleted` means a tombstone, and the provider still lists this object.
 */
function withoutDeletedStatus(seen: Observation): Observation {
  return seen.status === 'deleted' ? { ...seen, status: 'deleting' } : seen;
}

/** The URN of an observed object. */
export function urnOf(kind: Pick<Kind, 'urnTypes'>, { providerId, urnType }: Pick<Observation, 'providerId' | 'urnType'>): string {
  return `do:${urnType ?? kind.urnTypes[0]}:${providerId}`;
}

/** The slug of a nested region. The region is null for global load balancers. */
export function regionSlug(object: Fields): string | null {
  const region = optionalRecord(object.region, 'region');
  return region && optionalSlug(region, 'slug');
}

/** A slug in lower case, as the provider writes it: it accepts any letter case. */
export function optionalSlug(from: Fields, field: string): string | null {
  return optionalText(from, field)?.toLowerCase() ?? null;
}

/** References to parents: `<kind>/<provider id>`. */
export function parentRefs(kind: string, ids: readonly string[]): string[] {
  return ids.map((id) => `${kind}/${id}`);
}

/** Rules as a set of sets: the provider does not guarantee an order at any depth, and writes nothing in several ways. */
export function unordered(rules: readonly unknown[]): unknown[] {
  return (canonicalValue(rules) ?? []) as unknown[];
}
