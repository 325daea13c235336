type Teardown = () => Promise<void>;

/** Global setup and teardown are loaded apart from each other: they meet on the process. */
const KEY = Symbol.for('arcadia.test.teardown');
const home = globalThis as { [KEY]?: Teardown[] };

/** Done when the run is over, the last one first. */
export function onTeardown(step: Teardown): void {
  (home[KEY] ??= []).push(step);
}

/** Every step is tried; the first failure is told at the end. */
export async function runTeardown(): Promise<void> {
  const failures: unknown[] = [];
  for (const step of (home[KEY] ?? []).toReversed()) await step().catch((error: unknown) => failures.push(error));
  home[KEY] = [];
  if (failures.length > 0) throw failures[0];
}
