import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A process, identified by pid and start time, because a later process may get the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque; equal for the same process, different for any other of this machine, reboots included. */
  readonly started: string;
}

/** Whether a process with this pid runs, ours or not. A zombie counts as dead: only its exit code is still to be collected. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return procStat(pid)?.[0] !== 'Z';
}

/** Undefined when there is no such process. */
export function identityOf(pid: number): ProcessIdentity | undefined {
  if (!isAlive(pid)) return undefined;
  const ticks = procStat(pid)?.[19];
  const started = ticks === undefined ? askPs('lstart', pid) : `${readProc('sys/kernel/random/boot_id')?.trim()}:${ticks}`;
  return { pid, started };
}

export function isStillRunning(known: ProcessIdentity): boolean {
  return identityOf(known.pid)?.started === known.started;
}

/** Program and arguments separated by blanks; empty when there is no such process. */
export function commandLine(pid: number): string {
  return readProc(`${pid}/cmdline`)?.replaceAll('\0', ' ') ?? askPs('command', pid);
}

/** Fields of /proc/<pid>/stat from the third on: state 0, start time in ticks 19. The second one may contain blanks. Linux only. */
function procStat(pid: number): string[] | undefined {
  const stat = readProc(`${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function readProc(path: string): string | undefined {
  try {
    return readFileSync(`/proc/${path}`, 'utf8');
  } catch {
    return undefined;
  }
}

/** macOS and others without /proc. */
function askPs(column: 'lstart' | 'command', pid: number): string {
  return spawnSync('ps', ['-o', `${column}=`, '-p', String(pid)], { encoding: 'utf8' }).stdout?.trim() ?? '';
}
