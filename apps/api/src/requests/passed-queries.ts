import type { Type } from '@nestjs/common';

/** How many are kept per class; then all of them go. */
const MOST = 200;
/** Longer ones are checked each time. */
const MAX_LENGTH = 512;

/** Queries that were found good: most callers ask the same again and again, and the checks depend on nothing else. They are frozen, as requests share them. */
export class QueryCache {
  private readonly byClass = new Map<Type, Map<string, object>>();

  /** `read` throws for a query that is refused, of which nothing is kept. */
  of(metatype: Type, value: unknown, read: () => object): object {
    const asked = JSON.stringify(value) ?? '';
    const known = this.byClass.get(metatype) ?? new Map<string, object>();
    const found = known.get(asked);
    if (found) return found;
    const query = Object.freeze(read());
    if (known.size >= MOST) known.clear();
    if (asked.length <= MAX_LENGTH) this.byClass.set(metatype, known.set(asked, query));
    return query;
  }
}
