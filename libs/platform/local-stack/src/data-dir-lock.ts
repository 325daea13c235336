import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LaunchError } from './local-stack.errors';
import { identityOf, isAlive, isStillRunning, type ProcessIdentity } from './process-identity';

interface LockNote {
  readonly holder: ProcessIdentity;
  /** Running children of the holder. After kill -9 of the holder the next one ends them. */
  readonly children: readonly ProcessIdentity[];
}

/** When two processes take over the note of the same dead holder, the later rename wins, and the other process sees it after this pause. */
const SETTLE_MS = 30;
const TERM_LIMIT_MS = 700;

/**
 * One `npm start` per DATA_DIR: `<dataDir>/start.lock` names the process that holds the lock. The note of a dead process does not count,
 * even when another process has got its pid.
 */
export class DataDirLock {
  private children: ProcessIdentity[] = [];

  private constructor(
    private readonly file: string,
    private readonly holder: ProcessIdentity,
    private readonly leftovers: readonly ProcessIdentity[],
  ) {}

  /** Throws LaunchError `data_dir_in_use` when another `npm start` is alive on the folder. */
  static async acquire(dataDir: string): Promise<DataDirLock> {
    const file = join(dataDir, 'start.lock');
    const holder = identityOf(process.pid);
    if (!holder) throw new Error('This process has no identity');
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, JSON.stringify({ holder, children: [] } satisfies LockNote), { mode: 0o600 });
    try {
      linkSync(draft, file);
      return new DataDirLock(file, holder, []);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const previous = refuseIfAlive(file, dataDir);
      renameSync(draft, file);
      await sleep(SETTLE_MS);
      refuseIfAlive(file, dataDir);
      return new DataDirLock(file, holder, previous?.children ?? []);
    } finally {
      rmSync(draft, { force: true });
    }
  }

  /** Ends the children of a killed launcher, so that their ports become free: SIGTERM, soon SIGKILL. Returns whether there were any. */
  async endLeftovers(): Promise<boolean> {
    const alive = this.leftovers.filter(isStillRunning);
    for (const { pid } of alive) signal(pid, 'SIGTERM');
    const deadline = Date.now() + TERM_LIMIT_MS;
    while (alive.some(({ pid }) => isAlive(pid))) {
      if (Date.now() > deadline) for (const child of alive.filter(isStillRunning)) signal(child.pid, 'SIGKILL');
      await sleep(10);
    }
    return alive.length > 0;
  }

  recordChild(pid: number): void {
    const child = identityOf(pid);
    this.children = [...this.children.filter(isStillRunning), ...(child ? [child] : [])];
    const draft = `${this.file}.${process.pid}`;
    writeFileSync(draft, JSON.stringify({ holder: this.holder, children: this.children } satisfies LockNote), { mode: 0o600 });
    renameSync(draft, this.file);
  }

  release(): void {
    rmSync(this.file, { force: true });
  }
}

/** Returns the note when its holder is dead or this process. Undefined for a note that a crash of the machine has cut off. */
function refuseIfAlive(file: string, dataDir: string): LockNote | undefined {
  let note: LockNote;
  try {
    note = JSON.parse(readFileSync(file, 'utf8')) as LockNote;
  } catch {
    return undefined;
  }
  if (note.holder.pid !== process.pid && isStillRunning(note.holder)) {
    throw new LaunchError(
      'data_dir_in_use',
      `DATA_DIR ${dataDir} is in use by another npm start (pid ${note.holder.pid}): stop that one, or set DATA_DIR to another folder`,
    );
  }
  return note;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // it ended meanwhile
  }
}
