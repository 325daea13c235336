/**
 * The result of `work`, or the error of `onTimeout` when `work` takes longer than `timeoutMs`. A late result is dropped, and a late failure
 * never becomes an unhandled rejection.
 */
export async function withTimeout<T>(work: Promise<T>, timeoutMs: number, onTimeout: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(onTimeout()), timeoutMs);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

export interface CacheLimits {
  /** The age up to which a value is returned without reading again. */
  readonly freshMs: number;
  /** The age up to which a value is still returned while it is read again; without it, callers wait for the new one. */
  readonly staleMs?: number;
  /** The longest time that a caller waits for a value. */
  readonly limitMs: number;
}

/**
 * Returns a function that reads at most once per `freshMs` and never twice at the same time; concurrent callers share one read. It rejects
 * when the read fails or takes longer than `limitMs`. The value of a late read is kept for the next caller. With `staleMs` only the first caller after a
 * longer pause waits; a failure meanwhile shows once the old value has that age.
 */
export function cached<T>(read: () => Promise<T>, { freshMs, staleMs = freshMs, limitMs }: CacheLimits): () => Promise<T> {
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
    const ageMs = last ? performance.now() - last.atMs : Infinity;
    if (last && ageMs < freshMs) return last.value;
    if (last && ageMs < staleMs) {
      readOnce().catch(() => undefined); // the next caller reads again
      return last.value;
    }
    return withTimeout(readOnce(), limitMs, () => new Error(`no answer within ${limitMs} ms`));
  };
}

/** A listener that passes on the first of a burst of events, and after that at most one event per `spacingMs`. */
export function throttle<T>(listener: (event: T) => void, spacingMs: number): (event: T) => void {
  let quietUntilMs = -Infinity;
  return (event) => {
    const nowMs = performance.now();
    if (nowMs < quietUntilMs) return;
    quietUntilMs = nowMs + spacingMs;
    listener(event);
  };
}
