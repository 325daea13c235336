import type { TokenPurpose } from '#libs/config';

/** One list of the provider, read page by page. */
export interface KindList {
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Where the objects stand in an answer. */
  readonly key: string;
  /** Which of the listed objects are of the kind; absent: all. */
  readonly holds?: (raw: unknown) => boolean;
}

/** Objects whose parent only the parent's own row names, in a list of ids. */
export interface NamedBy {
  readonly kind: string;
  /** The parent's attribute that holds the ids. */
  readonly attr: string;
  /** The list of one parent's objects, asked for only when the kind's list lacks ids that the parent names. */
  readonly list: { readonly path: (parentId: string) => string; readonly key: string };
}

/** One object as a list showed it, reduced to what we keep. Lists inside `attrs` are sorted, so that equal means equal. */
export interface Observation {
  readonly providerId: string;
  /** The type of its URN where the kind goes by several; absent: the kind's first. */
  readonly urnType?: string;
  readonly name: string | null;
  readonly region: string | null;
  readonly status: string;
  readonly sizeSlug: string | null;
  readonly attrs: Readonly<Record<string, unknown>>;
  /** `<kind>/<provider id>` of what it was made from or belongs to: their tenant is its tenant when nothing closer decides. */
  readonly parents: readonly string[];
}

/** The declaration of one resource kind: how to list it, what to keep, how often to look. */
export interface Kind {
  readonly kind: string;
  /** The type in `do:<type>:<id>`; the first is the one we write, the others are aliases of it. */
  readonly urnTypes: readonly [string, ...string[]];
  readonly sync: { readonly queue: Exclude<TokenPurpose, 'billing' | 'provisioning'>; readonly cron: string; readonly everyMs: number };
  /** Every list must be complete for the sweep to be complete. */
  readonly lists: readonly KindList[];
  /** Where one object answers by id. Absent: it cannot be confirmed, so strikes must do. */
  readonly fetch?: { readonly path: (providerId: string) => string; readonly key: string };
  readonly namedBy?: NamedBy;
  /** Attributes that change without anyone acting: kept up to date, never an event. */
  readonly volatileAttrs: readonly string[];
  /** Reads one raw object; throws the client's malformed-answer error when it is not one. */
  readonly observe: (raw: unknown) => Observation;
}

/** States a kind so that the compiler checks the declaration where it stands. */
export function defineKind(kind: Kind): Kind {
  return Object.freeze({ ...kind, observe: (raw: unknown) => inOurWords(kind.observe(raw)) });
}

/** `deleted` is our word for tombstones: what a provider still lists under that status is on its way there. */
function inOurWords(seen: Observation): Observation {
  return seen.status === 'deleted' ? { ...seen, status: 'deleting' } : seen;
}

/** The provider's name of the object. */
export function urnOf(kind: Pick<Kind, 'urnTypes'>, { providerId, urnType }: Pick<Observation, 'providerId' | 'urnType'>): string {
  return `do:${urnType ?? kind.urnTypes[0]}:${providerId}`;
}
