import { join } from 'node:path';

/** Returns the environment of a process with a wall clock shifted by this many ms. The product has no code for it. */
export function clockOffBy(ms: number): NodeJS.ProcessEnv {
  return { NODE_OPTIONS: `--require=${join(__dirname, 'clock.preload.cjs')}`, SHIFTED_CLOCK_MS: String(ms) };
}
