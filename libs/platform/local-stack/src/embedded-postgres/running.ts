import { lstatSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { readPasswords } from './passwords';
import { runningPostmaster, type Postmaster } from './postmaster';
import { appUrl, ownerUrl } from './roles';

export interface RunningEmbeddedPostgres {
  ownerUrl(database: string): string;
  appUrl(database: string): string;
}

/** The server that somebody else has running on this folder, or undefined. Changes nothing. */
export function readRunning(homeDir: string): RunningEmbeddedPostgres | undefined {
  const server = serverOf(homeDir);
  const passwords = server && readPasswords(homeDir);
  if (!server || !passwords) return undefined;
  return {
    ownerUrl: (database) => ownerUrl(passwords, server.port, database),
    appUrl: (database) => appUrl(passwords, server.port, database),
  };
}

/** Begins a fast shutdown of the server that runs on this folder, even of one that is still starting, and waits for nothing. */
export function askToEnd(homeDir: string): void {
  const server = serverOf(homeDir);
  if (!server) return;
  try {
    process.kill(server.pid, 'SIGINT');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // it ended meanwhile
  }
}

function serverOf(homeDir: string): Postmaster | undefined {
  const dataDir = join(homeDir, 'postgres');
  return lstatSync(dataDir, { throwIfNoEntry: false }) && runningPostmaster(realpathSync(dataDir));
}
