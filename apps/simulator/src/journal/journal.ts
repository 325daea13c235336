import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { KEY_OF, type CollectionName, type State } from '../world/state';
import type { Key, Operation } from '../world/collection';

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
