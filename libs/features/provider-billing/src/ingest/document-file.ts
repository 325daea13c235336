import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const PREFIX = 'arcadia-invoice-';
/** Folders of this process. In a container a restarted process often has the pid of the killed one, so the pid is not enough. */
const ownFolders = new Set<string>();

/**
 * A downloaded document in a temporary folder that only this user can read. `create` also removes the folders of killed processes on this
 * machine.
 */
export class DocumentFile {
  private constructor(private readonly folder: string) {}

  static async create(): Promise<DocumentFile> {
    await removeLeftovers();
    const folder = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`));
    ownFolders.add(basename(folder));
    return new DocumentFile(folder);
  }

  /** Truncates the file and writes from its beginning. */
  write(): Writable {
    return createWriteStream(this.path, { mode: 0o600 });
  }

  read(): Readable {
    return createReadStream(this.path);
  }

  async sha256(): Promise<string> {
    const hash = createHash('sha256');
    await pipeline(this.read(), hash);
    return hash.digest('hex');
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
    ownFolders.delete(basename(this.folder));
  }

  private get path(): string {
    return join(this.folder, 'invoice.csv');
  }
}

async function removeLeftovers(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = name.startsWith(PREFIX) ? Number.parseInt(name.slice(PREFIX.length), 10) : Number.NaN;
    if (pid > 0 && (pid === process.pid ? !ownFolders.has(name) : !isAlive(pid)))
      await rm(join(tmpdir(), name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // a process of another user
  }
}
