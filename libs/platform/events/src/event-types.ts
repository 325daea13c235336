/** The types of events that this release writes. A type is part of the API and never changes. */
export const EVENT_TYPES = [
  'credit_note.issued',
  'drift.closed',
  'drift.opened',
  'invoice.ingested',
  'invoice.mismatch',
  'kind.not_available',
  'limit.refused',
  'payment.recorded',
  'provider.payment_failed',
  'resource.attributed',
  'resource.changed',
  'resource.created',
  'resource.deleted',
  'resource.missing',
  'resource.moved_in',
  'resource.moved_out',
  'resource.restored',
  'saga.awaiting_approval',
  'saga.changed',
  'saga.compensation_failed',
  'saga.completed',
  'saga.failed',
  'saga.needs_attention',
  'saga.paused',
  'saga.rejected',
  'saga.resumed',
  'saga.rolled_back',
  'saga.started',
  'sweep.recovered',
  'sweep.stalled',
  'sweep.suspect',
  'tenant.changed',
  'tenant.created',
  'tenant_invoice.adjusted',
  'tenant_invoice.approved',
  'tenant_invoice.issued',
  'tenant_invoice.overdue',
  'tenant_invoice.paid',
  'tenant_invoice.unapproved',
  'tenant_invoice.voided',
  'webhook.disabled',
] as const;

export type EventType = (typeof EVENT_TYPES)[number];

/** What an event is about. */
export interface EventSubject {
  /** Such as `resource`, `saga` or `tenant`. */
  readonly type: string;
  readonly id: string;
  /** The name at the time of the event. Without one, readers get the name of the resource. */
  readonly name?: string | null;
  /** The kind of the resource, saga or sweep. */
  readonly kind?: string | null;
}

/** A change for the feed. `data` describes it and contains neither secrets nor prices that the tenant must not know. */
export interface NewEvent {
  readonly type: EventType;
  /** The owner of the subject at this moment, who may read the event. Null: platform admins only. */
  readonly tenantId: string | null;
  /** Who made the change: the actor of its audit entry. Null when the service made it by itself. */
  readonly actor: { readonly sub: string; readonly role: string } | null;
  /** The part of the product that made the change, such as `saga`, `drift` or `api`. */
  readonly source: string;
  readonly subject: EventSubject;
  /** The resource that the event is about. Unless given, the subject of type `resource`. */
  readonly resourceId?: string | null;
  readonly data?: Readonly<Record<string, unknown>>;
}
