/** The interval between two checks of a condition. */
const EVERY_MS = 20;

/** Calls `condition` until its result is truthy, and returns that. Throws with the description when it does not become truthy in time. */
export async function until<T>(
  condition: () => T | Promise<T>,
  { withinMs = 60_000, what = 'the condition' } = {},
): Promise<NonNullable<T>> {
  const end = performance.now() + withinMs;
  for (;;) {
    const result = await condition();
    if (result) return result;
    if (performance.now() > end) throw new Error(`${what} did not come true within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}
