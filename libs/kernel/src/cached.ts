export interface Cached {
  /** How long an answer is good. */
  readonly freshMs: number;
  /** How long one is waited for. */
  readonly limitMs: number;
}

/** Nobody's scrape waits longer, and no storm of scrapes asks more often than this. */
export const SCRAPE_MEMORY: Cached = { freshMs: 5_000, limitMs: 2_000 };

/**
 * The answer of `ask`, asked at most once per `freshMs` and once at a time, however many want it. Rejects when it fails or takes longer than
 * `limitMs`; a late answer is kept for who asks next.
 */
export function cached<T>(ask: () => Promise<T>, { freshMs, limitMs }: Cached): () => Promise<T> {
  let asking: Promise<T> | undefined;
  let last: { readonly answer: T; readonly atMs: number } | undefined;
  const askOnce = (): Promise<T> => {
    asking ??= ask()
      .then((answer) => {
        last = { answer, atMs: performance.now() };
        return answer;
      })
      .finally(() => (asking = undefined));
    return asking;
  };
  return async () => {
    if (last && performance.now() - last.atMs < freshMs) return last.answer;
    return inTime(askOnce(), limitMs);
  };
}

async function inTime<T>(work: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
