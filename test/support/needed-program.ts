import { spawnSync } from 'node:child_process';

export interface NeededProgram {
  /** The program and an argument with which it ends at once. */
  readonly command: readonly [string, string];
  /** What it is needed for, as in "the totals of printed documents". */
  readonly neededFor: string;
  /** How to get it, as in "apt-get install poppler-utils". */
  readonly install: string;
  /** The variable of the environment that makes its lack a failure. */
  readonly requiredBy: string;
}

/**
 * Whether a program that some tests need is on this machine. Where it is missing, a message names what is skipped.
 * Throws where it is missing and its variable is 1.
 */
export function hasProgram({ command: [program, argument], neededFor, install, requiredBy }: NeededProgram): boolean {
  if (!spawnSync(program, [argument]).error) return true;
  if (process.env[requiredBy] === '1') throw new Error(`${requiredBy}=1, but there is no ${program}: ${install}`);
  console.warn(`\nSKIPPED: ${neededFor}. There is no ${program}: ${install}\n`);
  return false;
}
