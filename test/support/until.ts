/** The interval between two checks of a condition. */
const EVERY_MS = 20;

/** Waits for a condition. Throws with the description of the condition when it does not become true in time. */
export async function until(
  condition: () => Promise<boolean> | boolean,
  { withinMs = 60_000, what = 'the condition' } = {},
): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`${what} did not come true within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}
