/** One event of a resource as the API returns it. */
export interface EventView {
  readonly id: string;
  readonly resource_id: string;
  readonly type: string;
  readonly at: string;
  readonly source: string;
  readonly changes: Record<string, { old: unknown; new: unknown }>;
  /** The provider's action that caused the change, if the action feed listed one, or the saga that wrote it. */
  readonly cause: EventCause | null;
}

export interface EventCause {
  /** Null for a saga's change without an action, or before the feed has listed the action. */
  readonly action_id: string | null;
  readonly action: string | null;
  readonly at: string | null;
  /** True when one of our sagas started it. */
  readonly ours: boolean;
  readonly saga_id: string | null;
}

export interface EventRow extends Omit<EventView, 'at' | 'changes' | 'cause'> {
  readonly seq: string;
  readonly at: Date;
  /** The saga that wrote the event. Null for other sources, and for older events. */
  readonly saga_id: string | null;
  /** The first values of a `discovered` event; `{field: {old, new}}` of every other event. */
  readonly changes: Record<string, unknown>;
}

/** `sweep_id` is the id of the writer: for events of sagas it is the saga's. */
export const SAGA_OF_EVENT = `case when source = 'saga' then sweep_id end`;

/** The columns of an `EventRow`. */
export const EVENT_COLUMNS = `seq, id, resource_id, type, at, source, changes, ${SAGA_OF_EVENT} as saga_id`;

export function eventView({ seq: _seq, saga_id: _saga, at, changes, ...event }: EventRow, cause: EventCause | null): EventView {
  const allChanges = event.type === 'discovered' ? changesFromNull(changes) : (changes as EventView['changes']);
  return { ...event, at: at.toISOString(), changes: allChanges, cause };
}

function changesFromNull(values: Record<string, unknown>): EventView['changes'] {
  const known = Object.entries(values).filter(([, value]) => value !== null);
  return Object.fromEntries(known.map(([field, value]) => [field, { old: null, new: value }]));
}
