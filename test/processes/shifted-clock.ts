import { join } from 'node:path';

/** Environment of a process whose wall clock is off by so many ms, as by a machine that nobody set. Nothing in the product knows of it. */
export function clockOffBy(ms: number): NodeJS.ProcessEnv {
  return { NODE_OPTIONS: `--require=${join(__dirname, 'clock.preload.cjs')}`, SHIFTED_CLOCK_MS: String(ms) };
}
