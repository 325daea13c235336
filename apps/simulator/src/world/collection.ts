/** The key of a record within its collection. */
export type Key = string | number;

/** One durable change: a record written, a record gone, or a single value set. */
export type Operation = ['put', string, unknown] | ['remove', string, Key] | ['value', string, unknown];

/** Records of one kind. Records are never changed in place: `put` a copy, so that indexes see both sides and the journal sees all. */
export class Collection<T> {
  private readonly records = new Map<Key, T>();
  private readonly watchers: ((before: T | undefined, after: T | undefined) => void)[] = [];

  constructor(
    readonly name: string,
    private readonly keyOf: (record: T) => Key,
    private readonly note: (operation: Operation) => void,
  ) {}

  get size(): number {
    return this.records.size;
  }

  get(key: Key): T | undefined {
    return this.records.get(key);
  }

  /** All records in the order in which they were first written. */
  all(): T[] {
    return [...this.records.values()];
  }

  put(record: T): T {
    this.restore(record);
    this.note(['put', this.name, record]);
    return record;
  }

  remove(key: Key): void {
    if (!this.forget(key)) return;
    this.note(['remove', this.name, key]);
  }

  /** Replaces everything, without a trace in the journal: the caller writes a new snapshot. */
  replaceAll(records: readonly T[]): void {
    for (const key of [...this.records.keys()].reverse()) this.forget(key); // newest first: the indexes lose their last entry at no cost
    for (const record of records) this.restore(record);
  }

  /** Takes in a record that is already stored. */
  restore(record: T): void {
    const key = this.keyOf(record);
    const before = this.records.get(key);
    this.records.set(key, record);
    for (const watcher of this.watchers) watcher(before, record);
  }

  /** Lets go of a record whose end is already stored; false when there was none. */
  forget(key: Key): boolean {
    const before = this.records.get(key);
    if (before === undefined) return false;
    this.records.delete(key);
    for (const watcher of this.watchers) watcher(before, undefined);
    return true;
  }

  watch(watcher: (before: T | undefined, after: T | undefined) => void): void {
    this.watchers.push(watcher);
  }
}
