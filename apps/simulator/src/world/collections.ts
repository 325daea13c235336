import type { ActionRecord, DropletRecord, ImageRecord, MemberRecord } from './records';

/** The key of a record within its collection. */
export type Key = string | number;

/** One durable change: a record is written, a record is removed, or a single value is set. */
export type Operation = ['put', string, unknown] | ['remove', string, Key] | ['value', string, unknown];

/** Records of one kind. A record is never changed in place: `put` a copy, so that the indexes and the journal receive every change. */
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

  /** All records, in the order of their first write. */
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

  /** Replaces all records without journal entries: the caller writes a new snapshot. */
  replaceAll(records: readonly T[]): void {
    for (const key of [...this.records.keys()].reverse()) this.forget(key); // newest first: removing the last entry of an index is cheap
    for (const record of records) this.restore(record);
  }

  /** Adds a record that the journal already has. */
  restore(record: T): void {
    const key = this.keyOf(record);
    const before = this.records.get(key);
    this.records.set(key, record);
    for (const watcher of this.watchers) watcher(before, record);
  }

  /** Removes a record without a journal entry; returns false when there was none. */
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

/** Ids in ascending order: a page is one slice, however long the list. Appending the newest id is O(1), other changes move memory once. */
export class SortedIds {
  private readonly ids: number[] = [];

  get length(): number {
    return this.ids.length;
  }

  addId(id: number): void {
    const at = this.position(id);
    if (this.ids[at] === id) return;
    if (at === this.ids.length) this.ids.push(id);
    else this.ids.splice(at, 0, id);
  }

  removeId(id: number): void {
    const at = this.position(id);
    if (this.ids[at] === id) this.ids.splice(at, 1);
  }

  /** The ids at positions `from` to `to` (exclusive), lowest id first. */
  slice(from: number, to: number): number[] {
    return this.ids.slice(from, to);
  }

  /** The ids at positions `from` to `to` (exclusive), highest id first. */
  newestFirst(from: number, to: number): number[] {
    const end = this.ids.length;
    return this.ids.slice(Math.max(0, end - to), Math.max(0, end - from)).reverse();
  }

  private position(id: number): number {
    const last = this.ids.at(-1);
    if (last === undefined || id > last) return this.ids.length;
    let low = 0;
    let high = this.ids.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.ids[middle] ?? Infinity) < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const NONE = new SortedIds();

/** The ids of visible records by key (a tag, a name, a project), updated with every change of a record. */
class KeyedIndex<T extends { id: number }> {
  private readonly lists = new Map<string, SortedIds>();

  /** `keysOf` returns the key of every list in which a record is visible; an invisible record has none. */
  constructor(private readonly keysOf: (record: T) => string[]) {}

  /** The ids under a key; empty for an unknown key. */
  under(key: string): SortedIds {
    return this.lists.get(key) ?? NONE;
  }

  update(before: T | undefined, after: T | undefined): void {
    const old = before === undefined ? [] : this.keysOf(before);
    const now = after === undefined ? [] : this.keysOf(after);
    for (const key of old) if (before !== undefined && !now.includes(key)) this.drop(key, before.id);
    for (const key of now) if (after !== undefined && !old.includes(key)) this.list(key).addId(after.id);
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
    ids?.removeId(id);
    if (ids?.length === 0) this.lists.delete(key);
  }
}

interface Indexed {
  droplets: Collection<DropletRecord>;
  actions: Collection<ActionRecord>;
  images: Collection<ImageRecord>;
  members: Collection<MemberRecord>;
}

/** The records that each list contains, so that a page of 200 out of 100,000 is one slice. */
export class WorldIndexes {
  /** Keys: `droplets`, `gpus`, `name:<lower case>`, `tag:<canonical name>`. GPU droplets appear under `gpus` only. */
  readonly droplets = new KeyedIndex(dropletKeys);
  /** Keys: `all`, `droplet:<id>`, `busy:<droplet id>` (in progress, visible or not). */
  readonly actions = new KeyedIndex(actionKeys);
  /** Keys: `all`, `public`, `private`, `distribution`, `application`, `tag:<name>`, `snapshot:<droplet id>`, `backup:<droplet id>`. */
  readonly images = new KeyedIndex(imageKeys);
  /** Keys: `project:<id>`, `urn:<urn>`. */
  readonly members = new KeyedIndex((member: MemberRecord) => [`project:${member.project_id}`, `urn:${member.urn}`]);

  constructor(collections: Indexed) {
    collections.droplets.watch((before, after) => this.droplets.update(before, after));
    collections.actions.watch((before, after) => this.actions.update(before, after));
    collections.images.watch((before, after) => this.images.update(before, after));
    collections.members.watch((before, after) => this.members.update(before, after));
  }
}

/** GPU sizes are recognised by the prefix of their slug. */
function isGpuSize(sizeSlug: string): boolean {
  return sizeSlug.startsWith('gpu-');
}

function dropletKeys(droplet: DropletRecord): string[] {
  const listed = droplet.hidden?.includes('list') !== true;
  if (isGpuSize(droplet.size_slug)) return listed ? ['gpus'] : [];
  const keys = listed ? ['droplets', `name:${droplet.name.toLowerCase()}`] : [];
  if (droplet.hidden?.includes('tag') === true) return keys;
  for (const tag of droplet.tags) if (droplet.unindexed_tags?.includes(tag) !== true) keys.push(`tag:${tag}`);
  return keys;
}

function actionKeys(action: ActionRecord): string[] {
  const keys = action.hidden === true ? [] : ['all'];
  if (action.resource_type !== 'droplet') return keys;
  if (action.hidden !== true) keys.push(`droplet:${action.resource_id}`);
  if (action.status === 'in-progress') keys.push(`busy:${action.resource_id}`);
  return keys;
}

function imageKeys(image: ImageRecord): string[] {
  if (image.hidden === true || image.status === 'deleted' || image.status === 'retired') return [];
  const keys = ['all', image.public ? 'public' : 'private', ...image.tags.map((tag) => `tag:${tag}`)];
  if (image.public) keys.push(image.type === 'application' ? 'application' : 'distribution');
  if (image.resource_id !== undefined) keys.push(`${image.type}:${image.resource_id}`);
  return keys;
}
