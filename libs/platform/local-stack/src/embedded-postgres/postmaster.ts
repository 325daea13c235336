import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { commandLine, isAlive } from '../processes/process-identity';

/** What a running server says about itself in `postmaster.pid`. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  /** It accepts connections, or is about to end: PostgreSQL's own word. */
  readonly ready: boolean;
}

/** Lines of `postmaster.pid` (PostgreSQL source, miscadmin.h): 1 pid, 4 port, 8 status padded with blanks. The last lines appear as it starts. */
export function readPostmaster(dataDir: string): Postmaster | undefined {
  let lines: string[];
  try {
    lines = readFileSync(join(dataDir, 'postmaster.pid'), 'utf8').split('\n');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const pid = Number(lines[0]);
  return Number.isInteger(pid) && pid > 0 ? { pid, port: Number(lines[3] ?? 0), ready: lines[7]?.trim() === 'ready' } : undefined;
}

/**
 * The server that runs on this data directory, if one does. A file left by a dead server is removed when its pid now belongs to a stranger:
 * PostgreSQL would refuse to start for fear of it (after a container restart pids repeat).
 */
export function runningPostmaster(dataDir: string): Postmaster | undefined {
  const noted = readPostmaster(dataDir);
  if (!noted || !isAlive(noted.pid)) return undefined;
  if (commandLine(noted.pid).includes(`-D ${dataDir} `)) return noted;
  rmSync(join(dataDir, 'postmaster.pid'), { force: true });
  return undefined;
}
