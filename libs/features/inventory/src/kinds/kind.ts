import type { TokenPurpose } from '#libs/config';
import { optionalRecord, optionalText, type Fields } from '#libs/digitalocean';
import { canonicalJson, type Json } from '#libs/kernel';

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
 * One object from a provider list, reduced to the fields that we keep. Lists inside `attrs` are sorted, so that equal sets compare as
 * equal.
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
  /** Attributes that change without any action: they are kept up to date and never cause an event. */
  readonly volatileAttrs: readonly string[];
  /** Reads one raw object. Throws the client's malformed-answer error when the value is not such an object. */
  readonly observe: (raw: unknown) => Observation;
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
  return region && optionalText(region, 'slug');
}

/** References to parents: `<kind>/<provider id>`. */
export function parentRefs(kind: string, ids: readonly string[]): string[] {
  return ids.map((id) => `${kind}/${id}`);
}

/** Sorts rules: the provider does not guarantee their order, and equal sets must compare as equal. */
export function unordered(rules: readonly unknown[]): unknown[] {
  const keyed = rules.map((rule) => ({ rule, key: canonicalJson(rule as Json) }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map(({ rule }) => rule);
}
