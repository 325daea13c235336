import type { EventCause } from '#libs/inventory';
import { MISSING, type Severity } from '../comparison/severity';
import { LATEST_REVERT } from '../detection/find.sql';
import { IGNORED } from '../rules/ignored.sql';

export const DRIFT_STATUSES = ['open', 'accepted', 'reverted', 'stale'] as const;
export type DriftStatus = (typeof DRIFT_STATUSES)[number];

/** A drift as the API shows it. */
export interface DriftView {
  readonly id: string;
  readonly resource_id: string;
  readonly kind: string;
  readonly resource_name: string | null;
  readonly tenant_id: string | null;
  readonly field: string;
  readonly expected: unknown;
  readonly actual: unknown;
  readonly status: DriftStatus;
  /** Open, and overlooked by a rule. */
  readonly ignored: boolean;
  readonly spec_version: number;
  readonly severity: Severity;
  /** What the difference costs a month by the catalogue, negative when it saves; null where that is not known. */
  readonly monthly_price_delta: string | null;
  readonly currency: 'USD';
  /** The provider's action that made the difference, where its feed told of one. */
  readonly cause: Pick<EventCause, 'action' | 'action_id' | 'at' | 'ours' | 'saga_id'> | null;
  /** The latest revert, if one was asked for. */
  readonly saga_id: string | null;
  readonly detected_at: string;
  readonly age_seconds: number;
  readonly closed_at: string | null;
  readonly closed_by: string | null;
  readonly reason: string | null;
}

export interface DriftRow extends Omit<DriftView, 'currency' | 'cause' | 'detected_at' | 'closed_at'> {
  readonly detected_at: Date;
  /** When its values were last seen to change. */
  readonly changed_at: Date;
  readonly closed_at: Date | null;
}

/** Selects `DriftRow`s, of a drift `d` and its resource `r`. An age ends when the drift does. */
export const SELECT_DRIFTS = `
select d.id, d.resource_id, r.kind, r.name as resource_name, r.tenant_id, d.field, d.expected, d.actual, d.status,
       d.status = 'open' and ${IGNORED} as ignored, d.spec_version, d.severity, d.monthly_price_delta::text as monthly_price_delta, v.id as saga_id,
       d.detected_at, d.changed_at, floor(extract(epoch from coalesce(d.closed_at, clock_timestamp()) - d.detected_at))::int as age_seconds,
       d.closed_at, d.closed_by, d.reason
  from cloud_drift d join cloud_resources r on r.id = d.resource_id left join lateral (${LATEST_REVERT}) v on true`;

export function driftView({ detected_at, changed_at: _changed_at, closed_at, ...row }: DriftRow, cause: EventCause | undefined): DriftView {
  return {
    ...row,
    currency: 'USD',
    cause: cause ? { ...cause, at: cause.at === null ? null : new Date(cause.at).toISOString() } : null,
    detected_at: detected_at.toISOString(),
    closed_at: closed_at?.toISOString() ?? null,
  };
}

/** The fields of the resource's events that tell of a change of a field of a spec. */
export function eventFields(field: string): string[] {
  if (field === MISSING) return ['status'];
  return field === 'backups' ? ['features'] : [field];
}
