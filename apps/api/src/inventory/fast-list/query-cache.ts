/** Queries kept; when the cache is full, all are removed. */
const MAX_QUERIES = 200;
/** Longer queries are validated each time. */
const MAX_LENGTH = 512;

/**
 * Valid queries. Most callers repeat the same query, and its validation depends on nothing else. The cached objects are frozen,
 * because requests share them.
 */
export class QueryCache<T extends object> {
  private readonly known = new Map<string, Readonly<T>>();

  /** `validate` rejects for an invalid query, which is not kept. */
  find(query: unknown, validate: () => Promise<T>): Readonly<T> | Promise<Readonly<T>> {
    const text = JSON.stringify(query) ?? '';
    return this.known.get(text) ?? this.keep(text, validate);
  }

  private async keep(text: string, validate: () => Promise<T>): Promise<Readonly<T>> {
    const valid = Object.freeze(await validate());
    if (this.known.size >= MAX_QUERIES) this.known.clear();
    if (text.length <= MAX_LENGTH) this.known.set(text, valid);
    return valid;
  }
}
