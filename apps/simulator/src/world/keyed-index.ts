import { SortedIds } from './sorted-ids';

const NONE = new SortedIds();

/** Which records a reader finds under which key (a tag, a name, a project), kept up to date as records change. */
export class KeyedIndex<T extends { id: number }> {
  private readonly lists = new Map<string, SortedIds>();

  /** `keysOf` names every list in which a record is visible; an invisible record has none. */
  constructor(private readonly keysOf: (record: T) => string[]) {}

  /** The ids under a key; empty for a key nobody has. */
  under(key: string): SortedIds {
    return this.lists.get(key) ?? NONE;
  }

  update(before: T | undefined, after: T | undefined): void {
    const old = before === undefined ? [] : this.keysOf(before);
    const now = after === undefined ? [] : this.keysOf(after);
    for (const key of old) if (before !== undefined && !now.includes(key)) this.drop(key, before.id);
    for (const key of now) if (after !== undefined && !old.includes(key)) this.list(key).add(after.id);
  }

  private list(key: string): SortedIds {
    const known = this.lists.get(key);
    if (known !== undefined) return known;
    const created = new SortedIds();
    this.lists.set(key, created);
    return created;
  }

  private drop(key: string, id: number): void {
    const ids = this.lists.get(key);
    ids?.remove(id);
    if (ids?.length === 0) this.lists.delete(key);
  }
}
