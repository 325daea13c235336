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
 * The state on disk: one file of JSON lines, one line with the operations of each request. The line is written in one call before the
 * response is sent, so kill -9 loses no acknowledged change; a torn line can only be the last one and is dropped. Every start and every
 * `rewrite` writes a compact file of the next generation under a temporary name, so a complete file exists at any moment.
 */
export class Journal {
  private descriptor: number | undefined;
  private generation: number;

  private constructor(private readonly folder: string) {
    mkdirSync(folder, { recursive: true });
    this.generation = Math.max(0, ...this.generations());
  }

  /** Opens the folder; `load` reads its state. */
  static open(folder: string): Journal {
    return new Journal(folder);
  }

  /** The stored state merged into `blank`, or undefined when no state is stored. Throws when a line other than the last is damaged. */
  load(blank: State): State | undefined {
    const path = this.path(this.generation);
    if (!existsSync(path)) return undefined;
    const lines = readFileSync(path, 'utf8').split('\n');
    lines.pop(); // the text after the last line end is empty or a torn line
    return replay(blank, lines, path);
  }

  append(operations: Operation[]): void {
    if (this.descriptor !== undefined) writeAll(this.descriptor, `${JSON.stringify(operations)}\n`);
  }

  /** Writes `state` to a new, compact file and appends to it from then on. */
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
 * Lets one simulator at a time use a folder: the process that listens on the folder's socket owns it. The operating system closes the
 * socket with the process, also after kill -9; then only a file remains that accepts no connection. The socket is in the temporary folder,
 * because its path must be short.
 */
export class FolderLock {
  private constructor(private readonly server: Server) {}

  /** Throws an error when another simulator owns the folder. */
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
