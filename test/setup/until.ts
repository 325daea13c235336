/** How often a condition is looked at. */
const EVERY_MS = 20;

/** Waits for a condition. Throws when it does not come true in time, so that a test fails with what it waited for. */
export async function until(
  condition: () => Promise<boolean> | boolean,
  { withinMs = 15_000, what = 'the condition' } = {},
): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`${what} did not come true within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}
