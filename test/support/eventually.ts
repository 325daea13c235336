import { setTimeout as sleep } from 'node:timers/promises';

/** Calls `ask` until the result is truthy and returns it. Throws after the limit, with `what` in the message. */
export async function eventually<T>(what: string, ask: () => T | Promise<T>, limitMs = 60_000): Promise<NonNullable<T>> {
  const until = performance.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (performance.now() > until) throw new Error(`waited ${limitMs} ms for ${what}`);
    await sleep(20);
  }
}
