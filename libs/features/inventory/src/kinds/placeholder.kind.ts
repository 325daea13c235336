import { defineKind, type Kind, type Observation } from './kind';

/**
 * Kinds that are known only as members of projects, with the URN types they go by: the provider's own name first, aliases after.
 * A kind that gets a list of its own moves from here to its own file. Source: DigitalOcean's project resources and godo's URN constants.
 */
const PLACEHOLDERS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  app: ['app'],
  k8s_cluster: ['kubernetes'],
  managed_db: ['dbaas'],
  reserved_ipv6: ['reservedipv6', 'floatingipv6'],
  spaces_bucket: ['space'],
  vpc: ['vpc'],
};

/** Kinds whose id is the name that people know them by. */
const NAMED_BY_ID = new Set(['spaces_bucket', 'reserved_ipv6']);

/** The kind that a URN type stands for when it has no list of its own; a type that nobody knows is kept as it is (INV-11). */
export function placeholderKind(urnType: string): Kind {
  const known = Object.entries(PLACEHOLDERS).find(([, types]) => types.includes(urnType));
  const [kind, urnTypes] = known ?? [urnType, [urnType] as const];
  return defineKind({
    kind,
    urnTypes,
    sync: { queue: 'sync-full', cron: '*/15 * * * *', everyMs: 900_000 },
    lists: [],
    volatileAttrs: [],
    observe: (raw) => observePlaceholder(kind, String(raw)),
  });
}

/** A member of a project tells its id and nothing else. */
export function observePlaceholder(kind: string, providerId: string): Observation {
  const name = NAMED_BY_ID.has(kind) ? providerId : null;
  return { providerId, name, region: null, status: 'active', sizeSlug: null, attrs: { placeholder: true }, parents: [] };
}
