import type { Billed, PriceUnit } from '#libs/catalog';
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
  /** The provider returns the whole list in one response, without `meta.total`. */
  readonly unpaged?: true;
  /** The provider leaves out the key when the list is empty. */
  readonly mayOmitKey?: true;
  /**
   * The objects of this kind within a listed one, e.g. the node pools of a cluster. An unreadable object makes such a list incomplete,
   * because it is not known which objects it contains.
   */
  readonly objectsIn?: (raw: unknown) => readonly unknown[];
  /** The request for the only object, for accounts where the provider does not know the list (404). */
  readonly orOne?: { readonly path: string; readonly key: string };
}

/** The lists of a kind that the provider lists by parent, one list for each. They are read in turn, spread over the cadence. [KND-3] */
export interface ListUnderParents extends Pick<KindList, 'key' | 'unpaged'> {
  /** The kind of the parents. */
  readonly kind: string;
  readonly path: (parentId: string) => string;
  /** The share of its token that the kind may use. The shares of all such kinds are a fifth together. */
  readonly tokenShare: number;
}

/** The resources that a shared object belongs to: their attribute contains its id. It belongs to the tenant that all of them share. */
export interface UsedBy {
  readonly kinds: readonly string[];
  readonly attr: string;
}

/** The fields of a resource that decide its price, of a row or of an observation. */
export interface BilledFields {
  readonly status: string;
  readonly sizeSlug: string | null;
  readonly attrs: Readonly<Record<string, unknown>>;
}

/** How resources of a kind are charged for: not at all, with the reason, or as units of a product. */
export type PriceRule =
  | { readonly free: string }
  | {
      /** Undefined where the fields do not decide it, e.g. for a resource of which only the id is known. */
      readonly billedAs: (fields: BilledFields) => Billed | undefined;
      /** Why a resource with zero units costs nothing. */
      readonly freeUnits?: string;
      /** The name of its products in list prices. Absent: the kind. */
      readonly product?: string;
      /**
       * Whether the products have a size after their name, such as `droplet:s-1vcpu-1gb`: all or some of them. Absent: none. The size has
       * lower-case letters, digits, dots and dashes; `billedAs` replaces others, such as underscores.
       */
      readonly sized?: 'all' | 'some';
      /** The unit of its list prices. Absent: a month of one resource. */
      readonly unit?: PriceUnit;
    };

/** How invoices name resources of a kind. */
export interface InvoiceNames {
  /** The product that we name in costs, as invoices write it. */
  readonly product: string;
  /** Products on invoices, in lower case: each a regular expression of the whole phrase. */
  readonly phrases: readonly string[];
  /** `group`: the resource's name is in `group_description`, and the description names only a part of the resource. */
  readonly namedBy?: 'group';
  /** For a kind with an address as its id: finds the address in the description. */
  readonly address?: RegExp;
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

/** The declaration of one resource kind: everything that the product knows about it. */
export interface Kind {
  readonly kind: string;
  /** The name for people, in the singular. */
  readonly label: string;
  /** The types in `do:<type>:<id>`. We write the first; the others are aliases. */
  readonly urnTypes: readonly [string, ...string[]];
  readonly sync: { readonly queue: Exclude<TokenPurpose, 'billing' | 'provisioning'>; readonly cron: string; readonly everyMs: number };
  /** A sweep is complete only when every one of these lists is. */
  readonly lists: readonly KindList[];
  /** The request for one object by id. Absent: a missing object cannot be confirmed, so its strikes alone decide. */
  readonly fetch?: { readonly path: (providerId: string) => string; readonly key: string };
  readonly namedBy?: NamedBy;
  readonly under?: ListUnderParents;
  readonly usedBy?: UsedBy;
  /**
   * The product works only with this list. Where the token may not read it, the sweep is `refused`, also when it was never read before;
   * another kind is `not_available` then. [KND-2]
   */
  readonly required?: true;
  /** Absent: it is not known what such a resource costs. */
  readonly price?: PriceRule;
  /** Absent: no invoice charges for such a resource. */
  readonly invoice?: InvoiceNames;
  /** The types that actions of the account's feed give such a resource, with the reader of its id where that is written in another way. */
  readonly actions?: { readonly types: readonly string[]; readonly idOf?: (id: unknown) => string | null };
  /** Its sweep also reads the backup plans of the droplets. */
  readonly readsBackupPolicies?: true;
  /** Attributes that change without any action: they are kept up to date and never cause an event. */
  readonly volatileAttrs: readonly string[];
  /** The field with the provider's id. Absent: `id`. */
  readonly idField?: 'name' | 'ip' | 'uuid' | 'access_key' | 'namespace';
  /** The one notation of ids that have several, e.g. domains in capitals. Absent: ids have one notation. */
  readonly canonicalId?: (id: string) => string;
  /** The id of an object that its parent's id makes unique. Absent: the id is unique without it. */
  readonly idUnder?: (parentId: string, id: string) => string;
  /**
   * Reads one raw object. It names each field that it keeps, so that a secret in any other field is dropped. [KND-1] Throws the client's
   * malformed-answer error when the value is not such an object. `parentId`: the parent under which it is listed.
   */
  readonly observe: (raw: unknown, parentId?: string) => Observation;
}

/** The id of a raw object, also of one that `observe` refuses. Undefined when the id is unreadable too. */
export function readableId(kind: Pick<Kind, 'idField' | 'canonicalId' | 'idUnder'>, raw: unknown, parentId?: string): string | undefined {
  try {
    const id = canonicalIdOf(kind, idText(record(raw, 'object'), kind.idField ?? 'id'));
    return parentId !== undefined && kind.idUnder ? kind.idUnder(parentId, id) : id;
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
  return Object.freeze({ ...kind, observe: (raw: unknown, parentId?: string) => withoutDeletedStatus(kind.observe(raw, parentId)) });
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

/** A nested object, reduced to its documented fields; null where there is nothing. [KND-1] */
export function keptFields(value: unknown, field: string, names: readonly string[]): Fields | null {
  const object = optionalRecord(value, field);
  return object && Object.fromEntries(names.map((name) => [name, object[name]]));
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

/** A nested text, such as `status.state` of a cluster. */
export function nestedText(object: Fields, field: string, inner: string): string | null {
  const nested = optionalRecord(object[field], field);
  return nested && optionalText(nested, inner);
}

/** References to parents: `<kind>/<provider id>`. */
export function parentRefs(kind: string, ids: readonly string[]): string[] {
  return ids.map((id) => `${kind}/${id}`);
}

/** Rules as a set of sets: the provider does not guarantee an order at any depth, and writes nothing in several ways. */
export function unordered(rules: readonly unknown[]): unknown[] {
  return (canonicalValue(rules) ?? []) as unknown[];
}

/** The kept size of a volume or image in GiB. */
export function gibOf({ size_gigabytes: gib }: BilledFields['attrs']): string | number | null {
  return typeof gib === 'number' || typeof gib === 'string' ? gib : null;
}

/** The cluster of a Kubernetes worker node or of its volume: the tag `k8s:<cluster id>` names it. They belong to the cluster's tenant. */
export function clusterOf(tags: readonly string[]): string[] {
  return tags.filter((tag) => /^k8s:[0-9a-f-]{36}$/.test(tag)).map((tag) => `k8s_cluster/${tag.slice('k8s:'.length)}`);
}

/** Swept every quarter of an hour, at the same minutes as the other full lists. */
export const EVERY_QUARTER: Kind['sync'] = { queue: 'sync-full', cron: '*/15 * * * *', everyMs: 900_000 };

/** Swept every hour, in a minute of its own. */
export function hourlyAt(minute: number): Kind['sync'] {
  return { queue: 'sync-slow', cron: `${minute} * * * *`, everyMs: 3_600_000 };
}
