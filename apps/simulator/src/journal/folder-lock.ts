import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, realpathSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * One simulator per folder: whoever listens on the folder's socket has it. The operating system lets go of it with the process, also after
 * kill -9; what then remains is a name that nobody answers. The socket stands in the temporary folder, because its path must be short.
 */
export class FolderLock {
  private constructor(private readonly server: Server) {}

  /** Throws one sentence when another simulator has the folder. */
  static async take(folder: string): Promise<FolderLock> {
    mkdirSync(folder, { recursive: true });
    const name = createHash('sha256').update(realpathSync(folder)).digest('hex').slice(0, 24);
    const path = join(tmpdir(), `arcadia-simulator-${name}.sock`);
    try {
      return new FolderLock(await listen(path));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
    if (await answers(path)) throw new Error(`${folder} is in use by another simulator: stop that one, or set DATA_DIR to another folder.`);
    rmSync(path, { force: true });
    return new FolderLock(await listen(path));
  }

  release(): void {
    this.server.close();
  }
}

async function listen(path: string): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  server.unref();
  server.listen(path);
  await once(server, 'listening');
  return server;
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.unref();
  });
}
