import { Collection, type Operation, WorldIndexes } from './collections';
import { SeededRandom } from './random';
import type { PendingEvent } from './records';
import { type CollectionName, type Counters, KEY_OF, type Records, type State, type ValueName, type Values } from './state';
import type { VisibilityDelayName } from './visibility-delay';

/** Executes a pending event when it is due. Its subject may have been deleted meanwhile. */
export type Transition = (world: World, event: PendingEvent) => void;

const COLLECTIONS = Object.keys(KEY_OF) as CollectionName[];

type Collections = { [Name in CollectionName]: Collection<Records[Name]> };

/** Where the world stores its changes. Without a journal the state is kept in memory only. */
interface StateJournal {
  /** Appends the changes of one request. */
  append: (operations: Operation[]) => void;
  /** Replaces everything stored by this state. */
  rewrite: (state: State) => void;
}

/** The simulated account: all state, its clock and its pending events. Every change is collected and written to the journal by `commit`. */
export class World {
  readonly collections: Collections;
  readonly indexes: WorldIndexes;
  random: SeededRandom;
  private values: Values;
  private counters: Counters;
  private operations: Operation[] = [];
  private queue = new PendingQueue();
  private moment: number | undefined;

  constructor(
    state: State,
    private readonly transitions: Record<string, Transition>,
    private readonly journal?: StateJournal,
  ) {
    this.values = valuesOf(state);
    this.counters = { ...state.counters };
    this.random = new SeededRandom(state.counters.random);
    const note = (operation: Operation): void => void this.operations.push(operation);
    this.collections = makeCollections(note);
    this.indexes = new WorldIndexes(this.collections);
    this.collections.pending.watch((_, event) => event && this.queue.addEvent(event));
    this.fill(state, COLLECTIONS);
  }

  /** The simulator's time in ms: the machine's time plus the offset, or the due time of the pending event that is being executed. */
  get nowMs(): number {
    return this.moment ?? Date.now() + this.values.clock.offset_ms;
  }

  /** The simulator's time in the API's format: RFC 3339 in whole seconds. */
  get now(): string {
    return apiTime(this.nowMs);
  }

  value<Name extends ValueName>(name: Name): Values[Name] {
    return name === 'counters' ? ({ ...this.counters, random: this.random.position } as Values[Name]) : this.values[name];
  }

  set<Name extends Exclude<ValueName, 'counters'>>(name: Name, value: Values[Name]): void {
    this.values[name] = value;
    this.operations.push(['value', name, value]);
  }

  /** A new id above the last one. Ids have gaps, as at the real provider. */
  nextId(kind: Exclude<keyof Counters, 'random'>): number {
    const step = kind === 'pending' || kind === 'member' ? 1 : this.random.integer(1, 37);
    this.counters[kind] += step;
    return this.counters[kind];
  }

  /** Schedules an event of `type` for `ref` when a delay has passed, counted from now or from `afterMs` later. */
  after(
    lag: VisibilityDelayName,
    type: string,
    ref: string | number,
    options: { afterMs?: number; data?: Record<string, unknown> } = {},
  ): void {
    this.at(this.nowMs + (options.afterMs ?? 0) + this.values.lags[lag], type, ref, options.data);
  }

  /** Schedules an event of `type` for `ref` at a time of the simulator's clock. */
  at(dueAtMs: number, type: string, ref: string | number, data?: Record<string, unknown>): void {
    this.collections.pending.put({ id: this.nextId('pending'), due_at_ms: dueAtMs, type, ref, ...(data && { data }) });
  }

  /** Executes all due events in order of due time. */
  settle(): void {
    const nowMs = this.nowMs;
    for (let event = this.queue.takeDue(nowMs); event !== undefined; event = this.queue.takeDue(nowMs)) {
      if (this.collections.pending.get(event.id) !== event) continue;
      this.collections.pending.remove(event.id);
      this.moment = event.due_at_ms;
      try {
        this.transitions[event.type]?.(this, event);
      } finally {
        this.moment = undefined;
      }
    }
  }

  /** Makes the changes since the last commit durable. A response is sent only afterwards. */
  commit(): void {
    if (this.operations.length === 0) return;
    this.operations.push(['value', 'counters', this.value('counters')]);
    this.journal?.append(this.operations);
    this.operations = [];
  }

  /** The whole state. */
  state(): State {
    const records = Object.entries(this.collections).map(([name, collection]) => [name, collection.all()] as const);
    return { ...this.values, counters: this.value('counters'), ...Object.fromEntries(records) } as State;
  }

  /**
   * Replaces this state by another and stores it. With `current` (the result of `state()` just before) only the collections that differ
   * from it are loaded. When no collection differs, the journal gets one more line and is not rewritten.
   */
  replace(next: State, current?: State): void {
    const changed = COLLECTIONS.filter((name) => next[name] !== current?.[name]);
    this.values = valuesOf(next);
    this.counters = { ...next.counters };
    this.random = new SeededRandom(next.counters.random);
    if (changed.includes('pending')) this.queue = new PendingQueue();
    this.fill(next, changed);
    this.operations = Object.entries(valuesOf(next)).map(([name, value]) => ['value', name, value]);
    if (changed.length === 0) return this.commit();
    this.operations = [];
    this.journal?.rewrite(next);
  }

  private fill(state: State, names: readonly CollectionName[]): void {
    for (const name of names) (this.collections[name] as Collection<unknown>).replaceAll(state[name]);
  }
}

/** The API's format of times: RFC 3339 in UTC and whole seconds. */
export function apiTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

function makeCollections(note: (operation: Operation) => void): Collections {
  const entries = Object.entries(KEY_OF).map(([name, keyOf]) => [name, new Collection(name, keyOf as (record: unknown) => string, note)]);
  return Object.fromEntries(entries) as Collections;
}

function valuesOf({ account, tokens, lags, limits, settings, clock, counters, invoice_seed }: State): Values {
  return { account, tokens, lags, limits, settings, clock, counters, invoice_seed };
}

/** Pending events by due time, then by age. It is a binary heap, so that 100,000 pending events add no cost to a request. */
export class PendingQueue {
  private readonly heap: PendingEvent[] = [];

  addEvent(event: PendingEvent): void {
    let at = this.heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (!this.swapIfEarlier(at, parent)) return;
      at = parent;
    }
  }

  /** Removes and returns the earliest event that is due at `nowMs`. */
  takeDue(nowMs: number): PendingEvent | undefined {
    const first = this.heap[0];
    if (first === undefined || first.due_at_ms > nowMs) return undefined;
    const last = this.heap.pop();
    if (last !== undefined && this.heap.length > 0) {
      this.heap[0] = last;
      this.sink();
    }
    return first;
  }

  private sink(): void {
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const right = left + 1;
      const earlier = right < this.heap.length && this.isEarlier(right, left) ? right : left;
      if (earlier >= this.heap.length || !this.swapIfEarlier(earlier, at)) return;
      at = earlier;
    }
  }

  private isEarlier(one: number, other: number): boolean {
    const a = this.heap[one];
    const b = this.heap[other];
    if (a === undefined || b === undefined) return false;
    return a.due_at_ms < b.due_at_ms || (a.due_at_ms === b.due_at_ms && a.id < b.id);
  }

  private swapIfEarlier(child: number, parent: number): boolean {
    if (!this.isEarlier(child, parent)) return false;
    const a = this.heap[child];
    const b = this.heap[parent];
    if (a === undefined || b === undefined) return false;
    this.heap[child] = b;
    this.heap[parent] = a;
    return true;
  }
}
