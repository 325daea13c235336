/** The interval between two checks of a condition: short at first, longer for conditions that take long, because each check costs time too. */
const FIRST_MS = 10;
const LONGEST_MS = 100;
const GROWTH = 1.3;

/** Calls `condition` until its result is truthy, and returns that. Throws with the description when it does not become truthy in time. */
export async function until<T>(
  condition: () => T | Promise<T>,
  { withinMs = 60_000, what = 'the condition' } = {},
): Promise<NonNullable<T>> {
  const end = performance.now() + withinMs;
  for (let pauseMs = FIRST_MS; ; pauseMs = Math.min(pauseMs * GROWTH, LONGEST_MS)) {
    const result = await condition();
    if (result) return result;
    if (performance.now() > end) throw new Error(`${what} did not come true within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
