/** One entry of the append-only record as the API shows it. */
export interface EventView {
  readonly id: string;
  readonly resource_id: string;
  readonly type: string;
  readonly at: string;
  readonly source: string;
  readonly changes: Record<string, { old: unknown; new: unknown }>;
  /** The provider's action that made the change, where the action feed showed one. */
  readonly cause: EventCause | null;
}

export interface EventCause {
  readonly action_id: string;
  readonly action: string;
  readonly at: string | null;
  /** One of our sagas asked for it. */
  readonly ours: boolean;
  readonly saga_id: string | null;
}

export interface EventRow extends Omit<EventView, 'at' | 'changes' | 'cause'> {
  readonly seq: string;
  readonly at: Date;
  /** Of a `discovered` event the first values as they were, of all others `{field: {old, new}}`. */
  readonly changes: Record<string, unknown>;
}

/** The columns of an `EventRow`. */
export const EVENT_COLUMNS = 'seq, id, resource_id, type, at, source, changes';

export function eventView({ seq: _seq, at, changes, ...event }: EventRow, cause: EventCause | null): EventView {
  const told = event.type === 'discovered' ? fromNothing(changes) : (changes as EventView['changes']);
  return { ...event, at: at.toISOString(), changes: told, cause };
}

function fromNothing(values: Record<string, unknown>): EventView['changes'] {
  const known = Object.entries(values).filter(([, value]) => value !== null);
  return Object.fromEntries(known.map(([field, value]) => [field, { old: null, new: value }]));
}
