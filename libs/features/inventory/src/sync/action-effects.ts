import { idText, optionalText, record, text } from '#libs/digitalocean';
import type { ProviderAction } from '../entities/provider-action.entity';
import { listedKind } from '../kinds';

/** One entry of the account's action feed, reduced to the fields that we keep. Source: `GET /v2/actions`. */
export interface FeedAction extends ObservedAction, Pick<ProviderAction, 'actionId'> {
  readonly startedAt: string | null;
  readonly completedAt: string | null;
}

/** An action that the feed lists for the first time, or a known one that has ended since. */
export type ObservedAction = Pick<ProviderAction, 'action' | 'status' | 'kind' | 'providerId'>;

const KIND_OF: Readonly<Record<string, string>> = {
  droplet: 'droplet',
  volume: 'volume',
  floating_ip: 'floating_ip',
  reserved_ip: 'floating_ip',
  image: 'snapshot',
};

export function parseAction(raw: unknown): FeedAction {
  const action = record(raw, 'action');
  const kind = KIND_OF[optionalText(action, 'resource_type') ?? ''] ?? null;
  return {
    actionId: idText(action, 'id'),
    action: text(action, 'type'),
    status: text(action, 'status'),
    kind,
    providerId: kind && resourceId(kind, action.resource_id),
    startedAt: timeOrNull(optionalText(action, 'started_at')),
    completedAt: timeOrNull(optionalText(action, 'completed_at')),
  };
}

/** The feed writes an IPv4 address as one number. */
function resourceId(kind: string, id: unknown): string | null {
  if (typeof id !== 'number' && typeof id !== 'string') return null;
  const number = Number(id);
  if (kind !== 'floating_ip' || !Number.isInteger(number)) return String(id);
  return [24, 16, 8, 0].map((bits) => Math.floor(number / 2 ** bits) % 256).join('.');
}

function timeOrNull(text: string | null): string | null {
  return text !== null && !Number.isNaN(Date.parse(text)) ? new Date(text).toISOString() : null;
}

/** Kinds that an action changes besides its own resource, and that it does not name. */
const ALSO_CHANGES: Readonly<Record<string, string>> = { snapshot: 'snapshot', assign_ip: 'droplet', unassign_ip: 'droplet' };

/** The resources that the actions name, each once. They are read again. */
export function affectedResources(observed: readonly ObservedAction[]): { kind: string; providerId: string }[] {
  const named = observed.flatMap(({ kind, providerId }) => (kind && providerId ? [{ kind, providerId }] : []));
  return [...new Map(named.map((object) => [`${object.kind}/${object.providerId}`, object])).values()];
}

/** Kinds with a change that no action names. Each is swept soon, outside its schedule. Droplets are swept every minute anyway. */
export function kindsToResync(observed: readonly ObservedAction[]): string[] {
  const ended = observed.filter(({ status }) => status !== 'in-progress');
  const unnamed = ended.filter(({ providerId }) => !providerId).map(({ kind }) => kind);
  const beside = ended.map(({ action }) => ALSO_CHANGES[action]);
  const kinds = [...unnamed, ...beside].filter((kind): kind is string => typeof kind === 'string' && kind !== 'droplet');
  return [...new Set(kinds)].filter((kind) => listedKind(kind) !== undefined).sort();
}
