/** One entry of the append-only record as the API shows it. */
export interface EventView {
  readonly id: string;
  readonly resource_id: string;
  readonly type: string;
  readonly at: string;
  readonly source: string;
  readonly changes: Record<string, { old: unknown; new: unknown }>;
  /** The provider's action that made the change, where the action feed showed one, or the saga that wrote it. */
  readonly cause: EventCause | null;
}

export interface EventCause {
  /** Null of what a saga wrote before the feed has shown its action, or without one. */
  readonly action_id: string | null;
  readonly action: string | null;
  readonly at: string | null;
  /** One of our sagas asked for it. */
  readonly ours: boolean;
  readonly saga_id: string | null;
}

export interface EventRow extends Omit<EventView, 'at' | 'changes' | 'cause'> {
  readonly seq: string;
  readonly at: Date;
  /** The saga that wrote it; null of all others, and of older events. */
  readonly saga_id: string | null;
  /** Of a `discovered` event the first values as they were, of all others `{field: {old, new}}`. */
  readonly changes: Record<string, unknown>;
}

/** `sweep_id` names the writer: of an event from a saga it is the saga. */
export const SAGA_OF_EVENT = `case when source = 'saga' then sweep_id end`;

/** The columns of an `EventRow`. */
export const EVENT_COLUMNS = `seq, id, resource_id, type, at, source, changes, ${SAGA_OF_EVENT} as saga_id`;

export function eventView({ seq: _seq, saga_id: _saga, at, changes, ...event }: EventRow, cause: EventCause | null): EventView {
  const told = event.type === 'discovered' ? fromNothing(changes) : (changes as EventView['changes']);
  return { ...event, at: at.toISOString(), changes: told, cause };
}

function fromNothing(values: Record<string, unknown>): EventView['changes'] {
  const known = Object.entries(values).filter(([, value]) => value !== null);
  return Object.fromEntries(known.map(([field, value]) => [field, { old: null, new: value }]));
}
