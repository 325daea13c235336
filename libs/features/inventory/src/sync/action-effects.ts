import { listedKind } from '../kinds';

/** What the feed said for the first time: a new action, or the end of a known one. */
export interface ObservedAction {
  readonly action: string;
  readonly status: string;
  readonly kind: string | null;
  readonly providerId: string | null;
}

/** Kinds that an action changes beside its own resource, which it does not name. */
const ALSO_CHANGES: Readonly<Record<string, string>> = { snapshot: 'snapshot', assign_ip: 'droplet', unassign_ip: 'droplet' };

/** The objects that the actions name, each once: they are read again. */
export function affectedResources(heard: readonly ObservedAction[]): { kind: string; providerId: string }[] {
  const named = heard.flatMap(({ kind, providerId }) => (kind && providerId ? [{ kind, providerId }] : []));
  return [...new Map(named.map((object) => [`${object.kind}/${object.providerId}`, object])).values()];
}

/** Kinds of which something changed that no action names; each is swept soon, out of turn. Droplets are swept every minute anyway. */
export function kindsToResync(heard: readonly ObservedAction[]): string[] {
  const ended = heard.filter(({ status }) => status !== 'in-progress');
  const unnamed = ended.filter(({ providerId }) => !providerId).map(({ kind }) => kind);
  const beside = ended.map(({ action }) => ALSO_CHANGES[action]);
  const kinds = [...unnamed, ...beside].filter((kind): kind is string => typeof kind === 'string' && kind !== 'droplet');
  return [...new Set(kinds)].filter((kind) => listedKind(kind) !== undefined).sort();
}
