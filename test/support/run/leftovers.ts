import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { runningPostmaster } from '../../../libs/platform/local-stack/src/embedded-postgres/server';
import { identityOf, isAlive, isStillRunning, type ProcessIdentity } from '../../../libs/platform/local-stack/src/process-identity';
import { RUN_FOLDER_PREFIX } from './test-run';
import { until } from '../until';

const NOTE = 'run.json';

/** Marks a folder as in use by this process. */
export function claimFolder(folder: string): void {
  writeFileSync(join(folder, NOTE), JSON.stringify(identityOf(process.pid)));
}

/** Ends the servers and deletes the folders of runs that were killed. Folders of other accounts stay. */
export async function clearLeftovers(): Promise<void> {
  for (const name of readdirSync(dirname(RUN_FOLDER_PREFIX))) {
    if (!name.startsWith(basename(RUN_FOLDER_PREFIX))) continue;
    const folder = join(dirname(RUN_FOLDER_PREFIX), name);
    try {
      const owner = JSON.parse(readFileSync(join(folder, NOTE), 'utf8')) as ProcessIdentity;
      if (!isStillRunning(owner)) await removeFolder(folder);
    } catch {
      continue; // The folder is being created or deleted right now, or belongs to another account.
    }
  }
}

/** Kills a server that still runs in the folder, because its data are deleted anyway. */
export async function removeFolder(folder: string): Promise<void> {
  const server = runningPostmaster(join(folder, 'postgres'));
  if (server) {
    process.kill(server.pid, 'SIGQUIT');
    const { pid } = server;
    await until(() => !isAlive(pid), { what: 'the end of PostgreSQL' });
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}
