import { idText, optionalText, record, text } from '#libs/digitalocean';

/** One entry of the account's action feed, reduced to what we keep. Source: `GET /v2/actions`. */
export interface ProviderAction {
  /** Past 2^31 since 2024; the feed's order is that of these numbers. */
  readonly actionId: string;
  readonly action: string;
  readonly status: string;
  /** Ours; null for what we do not list or what the provider does not name (actions of volumes have no resource id). */
  readonly kind: string | null;
  readonly providerId: string | null;
  readonly startedAt: string | null;
  readonly completedAt: string | null;
}

const KIND_OF: Readonly<Record<string, string>> = {
  droplet: 'droplet',
  volume: 'volume',
  floating_ip: 'floating_ip',
  reserved_ip: 'floating_ip',
  image: 'snapshot',
};

export function parseAction(raw: unknown): ProviderAction {
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

/** The feed writes the IPv4 of an address as one number. */
function resourceId(kind: string, id: unknown): string | null {
  if (typeof id !== 'number' && typeof id !== 'string') return null;
  const number = Number(id);
  if (kind !== 'floating_ip' || !Number.isInteger(number)) return String(id);
  return [24, 16, 8, 0].map((bits) => Math.floor(number / 2 ** bits) % 256).join('.');
}

function timeOrNull(text: string | null): string | null {
  return text !== null && !Number.isNaN(Date.parse(text)) ? new Date(text).toISOString() : null;
}
