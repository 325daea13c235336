type Teardown = () => Promise<void>;

/** Jest loads global setup and global teardown separately, so they share the list through the process object. */
const KEY = Symbol.for('arcadia.test.teardown');
const home = globalThis as { [KEY]?: Teardown[] };

/** Adds a step that runs after the test run. The last added step runs first. */
export function onTeardown(step: Teardown): void {
  (home[KEY] ??= []).push(step);
}

/** Runs every step, and throws the first failure at the end. */
export async function runTeardown(): Promise<void> {
  const failures: unknown[] = [];
  for (const step of (home[KEY] ?? []).toReversed()) await step().catch((error: unknown) => failures.push(error));
  home[KEY] = [];
  if (failures.length > 0) throw failures[0];
}
