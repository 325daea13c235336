import { encodeCursor } from './cursor';

/** How far one kind can be trusted: when its last complete sweep began, and whether its last sweep was one. */
export interface KindCompleteness {
  readonly as_of: string | null;
  readonly complete: boolean;
  readonly reason: string | null;
}

/** What every list answers (INV-15). `as_of` is null while some kind in scope was never swept completely. */
export interface ListAnswer<T> {
  readonly data: T[];
  readonly page: { readonly next_cursor: string | null };
  readonly as_of: string | null;
  readonly completeness: Record<string, KindCompleteness>;
}

export interface PageRequest {
  /** 1 to 200. */
  readonly limit: number;
  readonly cursor?: string;
}

/** Cuts the one row too many that tells whether there is a next page. */
export function pageOf<R>(rows: readonly R[], limit: number, keyOf: (row: R) => string): { shown: R[]; next_cursor: string | null } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { shown, next_cursor: rows.length > limit && last !== undefined ? encodeCursor(keyOf(last)) : null };
}
