import type { Journal } from '../journal/journal';
import { Collection, type Operation } from './collection';
import { PendingQueue } from './pending-queue';
import { SeededRandom } from './random';
import { KEY_OF, type CollectionName, type Counters, type Records, type State, type ValueName, type Values } from './state';
import { WorldIndexes } from './world-indexes';
import type { PendingEvent } from './records';
import type { LagName } from './lags';

/** What happens when a pending event is due. It finds the world as it is then; what it was about may be gone. */
export type Transition = (world: World, event: PendingEvent) => void;

const COLLECTIONS = Object.keys(KEY_OF) as CollectionName[];

type Collections = { [Name in CollectionName]: Collection<Records[Name]> };

/** The simulated account: all state, its clock and its pending events. Every change is noted and reaches the journal with `commit`. */
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
    private readonly journal?: Journal,
  ) {
    this.values = valuesOf(state);
    this.counters = { ...state.counters };
    this.random = new SeededRandom(state.counters.random);
    const note = (operation: Operation): void => void this.operations.push(operation);
    this.collections = makeCollections(note);
    this.indexes = new WorldIndexes(this.collections);
    this.collections.pending.watch((_, event) => event && this.queue.add(event));
    this.fill(state, COLLECTIONS);
  }

  /** The simulator's time in ms: the machine's plus the offset, or the due time of the pending event that is being worked on. */
  get nowMs(): number {
    return this.moment ?? Date.now() + this.values.clock.offset_ms;
  }

  /** The simulator's time as the API writes it: RFC 3339 in whole seconds. */
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

  /** A new id, a little higher than the last one: ids at the real provider have gaps too. */
  nextId(kind: Exclude<keyof Counters, 'random'>): number {
    const step = kind === 'pending' || kind === 'member' ? 1 : this.random.integer(1, 37);
    this.counters[kind] += step;
    return this.counters[kind];
  }

  /** Makes `type` happen to `ref` once a lag has passed, counted from now or from `afterMs` later. */
  after(lag: LagName, type: string, ref: string | number, options: { afterMs?: number; data?: Record<string, unknown> } = {}): void {
    this.at(this.nowMs + (options.afterMs ?? 0) + this.values.lags[lag], type, ref, options.data);
  }

  /** Makes `type` happen to `ref` at a time of the simulator's clock. */
  at(dueAtMs: number, type: string, ref: string | number, data?: Record<string, unknown>): void {
    this.collections.pending.put({ id: this.nextId('pending'), due_at_ms: dueAtMs, type, ref, ...(data && { data }) });
  }

  /** Lets everything happen that is due, in order of due time. */
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

  /** Makes the changes since the last commit durable. An answer is sent only after it. */
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
   * Puts another state in place of this one and stores it. With `present` (what `state()` answered just before) only the collections
   * that differ from it are loaded; while none does, the store grows by one line instead of being written anew.
   */
  replace(next: State, present?: State): void {
    const changed = COLLECTIONS.filter((name) => next[name] !== present?.[name]);
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

/** RFC 3339 in UTC and whole seconds, as the API writes times. */
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
