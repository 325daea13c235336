import { setTimeout as sleep } from 'node:timers/promises';

/** Asks until the answer is truthy and returns it. Fails after the limit with what it waited for. */
export async function eventually<T>(what: string, ask: () => T | Promise<T>, limitMs = 15_000): Promise<NonNullable<T>> {
  const until = performance.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (performance.now() > until) throw new Error(`waited ${limitMs} ms for ${what}`);
    await sleep(20);
  }
}
