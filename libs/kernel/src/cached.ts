import { withTimeout } from './with-timeout';

export interface CacheLimits {
  /** The age up to which a value is returned without reading again. */
  readonly freshMs: number;
  /** The longest time that a caller waits for a value. */
  readonly limitMs: number;
}

/**
 * Returns a function that reads at most once per `freshMs` and never twice at the same time; concurrent callers share one read. It rejects
 * when the read fails or takes longer than `limitMs`. The value of a late read is kept for the next caller.
 */
export function cached<T>(read: () => Promise<T>, { freshMs, limitMs }: CacheLimits): () => Promise<T> {
  let reading: Promise<T> | undefined;
  let last: { readonly value: T; readonly atMs: number } | undefined;
  const readOnce = (): Promise<T> => {
    reading ??= read()
      .then((value) => {
        last = { value, atMs: performance.now() };
        return value;
      })
      .finally(() => (reading = undefined));
    return reading;
  };
  return async () => {
    if (last && performance.now() - last.atMs < freshMs) return last.value;
    return withTimeout(readOnce(), limitMs, () => new Error(`no answer within ${limitMs} ms`));
  };
}
