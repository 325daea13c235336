import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Key, Operation } from '../world/collections';
import { type CollectionName, KEY_OF, type State } from '../world/state';

const FILE = /^state-(\d+)\.ndjson$/;
const CHUNK = 2_000;

/**
 * The state on disk: one file of JSON lines, each line the operations of one request. A line is written in one call before the answer is
 * sent, so kill -9 loses nothing that was answered; a line cut short by it is the last one and is dropped. Every open and every
 * `rewrite` starts a compact file of the next generation under a temporary name, so that there is a whole one at any moment.
 */
export class Journal {
  private descriptor: number | undefined;
  private generation: number;

  private constructor(private readonly folder: string) {
    mkdirSync(folder, { recursive: true });
    this.generation = Math.max(0, ...this.generations());
  }

  /** Opens the folder; `load` answers what it holds. */
  static open(folder: string): Journal {
    return new Journal(folder);
  }

  /** The stored state laid over `blank`, or undefined when nothing is stored. Throws when a line other than the last is damaged. */
  load(blank: State): State | undefined {
    const path = this.path(this.generation);
    if (!existsSync(path)) return undefined;
    const lines = readFileSync(path, 'utf8').split('\n');
    lines.pop(); // what follows the last line end: nothing, or a torn line
    return replay(blank, lines, path);
  }

  append(operations: Operation[]): void {
    if (this.descriptor !== undefined) writeAll(this.descriptor, `${JSON.stringify(operations)}\n`);
  }

  /** Stores `state` as a new, compact file and continues there. */
  rewrite(state: State): void {
    const next = this.path(this.generation + 1);
    const draft = openSync(`${next}.tmp`, 'w');
    for (const line of snapshotLines(state)) writeAll(draft, line);
    renameSync(`${next}.tmp`, next);
    this.close();
    this.descriptor = draft;
    this.generation += 1;
    for (const old of this.generations()) if (old < this.generation) rmSync(this.path(old), { force: true });
  }

  close(): void {
    if (this.descriptor !== undefined) closeSync(this.descriptor);
    this.descriptor = undefined;
  }

  private path(generation: number): string {
    return join(this.folder, `state-${generation}.ndjson`);
  }

  private generations(): number[] {
    return readdirSync(this.folder).flatMap((name) => {
      const match = FILE.exec(name);
      return match ? [Number(match[1])] : [];
    });
  }
}

function writeAll(descriptor: number, text: string): void {
  const bytes = Buffer.from(text);
  let written = 0;
  while (written < bytes.length) written += writeSync(descriptor, bytes, written);
}

function* snapshotLines(state: State): Generator<string> {
  const values = Object.entries(state).filter(([name]) => !(name in KEY_OF));
  yield `${JSON.stringify(values.map(([name, value]) => ['value', name, value]))}\n`;
  for (const name of Object.keys(KEY_OF) as CollectionName[]) {
    for (let from = 0; from < state[name].length; from += CHUNK) {
      yield `${JSON.stringify(state[name].slice(from, from + CHUNK).map((record) => ['put', name, record]))}\n`;
    }
  }
}

function replay(blank: State, lines: string[], path: string): State {
  const values: Record<string, unknown> = { ...blank };
  const records = new Map<string, Map<Key, unknown>>(Object.keys(KEY_OF).map((name) => [name, new Map()]));
  for (const [number, line] of lines.entries()) {
    for (const [verb, name, content] of parseLine(line, path, number + 1)) {
      if (verb === 'value') values[name] = content;
      else if (verb === 'remove') records.get(name)?.delete(content);
      else records.get(name)?.set((KEY_OF[name as CollectionName] as (record: unknown) => Key)(content), content);
    }
  }
  for (const [name, kept] of records) values[name] = [...kept.values()];
  return values as unknown as State;
}

function parseLine(line: string, path: string, number: number): Operation[] {
  try {
    return JSON.parse(line) as Operation[];
  } catch {
    throw new Error(`${path} is damaged at line ${number}: remove the folder to start with a fresh account`);
  }
}

/**
 * One simulator per folder: whoever listens on the folder's socket has it. The operating system lets go of it with the process, also after
 * kill -9; what then remains is a name that nobody answers. The socket stands in the temporary folder, because its path must be short.
 */
export class FolderLock {
  private constructor(private readonly server: Server) {}

  /** Throws one sentence when another simulator has the folder. */
  static async acquire(folder: string): Promise<FolderLock> {
    mkdirSync(folder, { recursive: true });
    const name = createHash('sha256').update(realpathSync(folder)).digest('hex').slice(0, 24);
    const path = join(tmpdir(), `arcadia-simulator-${name}.sock`);
    try {
      return new FolderLock(await listen(path));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
    if (await isListening(path))
      throw new Error(`${folder} is in use by another simulator: stop that one, or set DATA_DIR to another folder.`);
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

function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.unref();
  });
}
