import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What `npm start` prints, in this order, as `name: value`. */
export interface Summary {
  readonly api: string;
  readonly docs: string;
  readonly queues: string;
  readonly worker: string;
  /** `off` when a real provider is configured. */
  readonly simulator: string;
  readonly admin_token: string;
  readonly tenant_token: string;
  readonly curl: string;
}

export interface RunNote extends Summary {
  readonly database_url: string;
  readonly pids: Record<string, number>;
}

export function summaryText(summary: Summary): string {
  return Object.entries(summary)
    .map(([name, value]) => `${name}: ${value}\n`)
    .join('');
}

export function runFile(dataDir: string): string {
  return join(dataDir, 'run.json');
}

/** Readable by us alone: it holds tokens and a password. Appears whole or not at all. */
export function writeRunNote(dataDir: string, note: RunNote): void {
  const draft = `${runFile(dataDir)}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(note, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, runFile(dataDir));
}
