import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LaunchError } from '../processes/launch.error';
import { identityOf, isAlive, isStillRunning, type ProcessIdentity } from '../processes/process-identity';

interface Note {
  readonly holder: ProcessIdentity;
  /** What the holder has running; the next holder ends what a killed one left behind. */
  readonly children: readonly ProcessIdentity[];
}

/** Two that take over the same dead holder's note at once: the later rename wins, and after this pause the other one sees it. */
const SETTLE_MS = 30;
const POLITE_MS = 700;

/** One `npm start` per DATA_DIR: `<dataDir>/start.lock` names the process that has it. A note of a dead process counts for nothing, even when its pid is in use again. */
export class DataDirLock {
  private children: ProcessIdentity[] = [];

  private constructor(
    private readonly file: string,
    private readonly holder: ProcessIdentity,
    private readonly leftovers: readonly ProcessIdentity[],
  ) {}

  /** Throws LaunchError `data_dir_in_use` when another `npm start` is alive on the folder. */
  static async take(dataDir: string): Promise<DataDirLock> {
    const file = join(dataDir, 'start.lock');
    const holder = identityOf(process.pid);
    if (!holder) throw new Error('This process has no identity');
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, JSON.stringify({ holder, children: [] } satisfies Note), { mode: 0o600 });
    try {
      linkSync(draft, file);
      return new DataDirLock(file, holder, []);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const left = refuseIfAlive(file, dataDir);
      renameSync(draft, file);
      await sleep(SETTLE_MS);
      refuseIfAlive(file, dataDir);
      return new DataDirLock(file, holder, left?.children ?? []);
    } finally {
      rmSync(draft, { force: true });
    }
  }

  /** Ends what a killed launcher left behind, so that its ports are free: politely, and soon without asking. Tells whether there was anything. */
  async endLeftovers(): Promise<boolean> {
    const alive = this.leftovers.filter(isStillRunning);
    for (const { pid } of alive) signal(pid, 'SIGTERM');
    const deadline = Date.now() + POLITE_MS;
    while (alive.some(({ pid }) => isAlive(pid))) {
      if (Date.now() > deadline) for (const left of alive.filter(isStillRunning)) signal(left.pid, 'SIGKILL');
      await sleep(10);
    }
    return alive.length > 0;
  }

  noteChild(pid: number): void {
    const child = identityOf(pid);
    this.children = [...this.children.filter(isStillRunning), ...(child ? [child] : [])];
    const draft = `${this.file}.${process.pid}`;
    writeFileSync(draft, JSON.stringify({ holder: this.holder, children: this.children } satisfies Note), { mode: 0o600 });
    renameSync(draft, this.file);
  }

  release(): void {
    rmSync(this.file, { force: true });
  }
}

/** The note that is there, when its holder is dead or us. A note that cannot be read was cut off by a crash of the machine. */
function refuseIfAlive(file: string, dataDir: string): Note | undefined {
  let note: Note;
  try {
    note = JSON.parse(readFileSync(file, 'utf8')) as Note;
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
