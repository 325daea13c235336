import { defineKind, type InvoiceNames, type Kind, type Observation, type PriceRule } from './kind';

/**
 * Kinds known only from the member lists of projects, with their URN types: the provider's own name first, then its aliases.
 * A kind that gets a list of its own moves to its own file. Source: DigitalOcean's project resources and godo's URN constants.
 */
const PLACEHOLDERS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  spaces_bucket: ['space'],
};

/** How invoices name them. */
export const placeholderInvoices: Readonly<Record<string, InvoiceNames>> = {
  spaces_bucket: {
    product: 'Spaces',
    phrases: ['spaces( (storage|buckets?|bandwidth|(outbound )?(data )?transfer)( overages?)?)?'],
  },
};

/** What they cost. */
export const placeholderPrices: Readonly<Record<string, PriceRule>> = {
  spaces_bucket: { free: 'its storage is billed with the Spaces subscription of the account' },
};

/** What is known of a member of a project beside its id. */
export interface PlaceholderDetails {
  readonly region: string | null;
  /** RFC 3339. */
  readonly createdAt: string | null;
}

/** Kinds that this release knows as members of projects only. */
export const PLACEHOLDER_KINDS = Object.keys(PLACEHOLDERS);

/** Kinds with an id that is also their name. */
const NAMED_BY_ID = new Set(['spaces_bucket', 'reserved_ipv6', 'container_registry']);

/** The kind of a URN type that no listed kind declares. An unknown type becomes a kind of that name. [INV-11] */
export function placeholderKind(urnType: string): Kind {
  const known = Object.entries(PLACEHOLDERS).find(([, types]) => types.includes(urnType));
  const [kind, urnTypes] = known ?? [urnType, [urnType] as const];
  return defineKind({
    kind,
    label: kind.replaceAll('_', ' '),
    urnTypes,
    sync: { queue: 'sync-full', cron: '*/15 * * * *', everyMs: 900_000 },
    lists: [],
    volatileAttrs: [],
    observe: (raw) => observePlaceholder(kind, String(raw)),
  });
}

/** Builds the observation of a project member. Without details only its id is known. */
export function observePlaceholder(kind: string, providerId: string, details?: PlaceholderDetails): Observation {
  const name = NAMED_BY_ID.has(kind) ? providerId : null;
  const { region = null, createdAt = null } = details ?? {};
  const attrs = { ...(region === null && { placeholder: true }), ...(createdAt !== null && { created_at: createdAt }) };
  return { providerId, name, region, status: 'active', sizeSlug: null, attrs, parents: [] };
}
