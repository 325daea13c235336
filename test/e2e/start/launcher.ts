import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../../libs/platform/local-stack/src/ports';
import type { RunNote } from '../../../libs/platform/local-stack/src/summary';
import { until } from '../../support/until';

export const REPOSITORY = join(__dirname, '../../..');
const ENTRY = join(REPOSITORY, 'apps/cli/entry.mjs');

export interface Ports {
  readonly PORT: string;
  readonly WORKER_PORT: string;
  readonly SIMULATOR_PORT: string;
}

export async function freePorts(): Promise<Ports> {
  const [api, worker, simulator] = await Promise.all([freePort(), freePort(), freePort()]);
  return { PORT: String(api), WORKER_PORT: String(worker), SIMULATOR_PORT: String(simulator) };
}

/** Runs one command of the command line in a separate process. */
export class Launched {
  stdout = '';
  stderr = '';
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;

  private constructor(readonly child: ChildProcess) {
    child.stdout?.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.ended = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
  }

  static run(args: readonly string[], env: object, account: { uid?: number; gid?: number } = {}): Launched {
    const { PATH = '', HOME = '' } = process.env;
    return new Launched(
      spawn(process.execPath, [ENTRY, ...args], {
        ...account,
        env: { PATH, HOME, ARCADIA_ENV_FILE: '', DEMO_MONTHS: '0', ...env },
        cwd: REPOSITORY,
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );
  }

  /** Runs a script of package.json through npm in a process group of its own. `child` is npm. */
  static npm(script: string, env: object): Launched {
    const { PATH = '', HOME = '' } = process.env;
    return new Launched(
      spawn('npm', ['run', '--silent', script], {
        env: { PATH, HOME, ARCADIA_ENV_FILE: '', ...env },
        cwd: REPOSITORY,
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
      }),
    );
  }

  /** Waits until the whole summary is printed. Throws with the log when the process ends earlier. */
  async summary(): Promise<Record<string, string>> {
    let over = false;
    void this.ended.then(() => (over = true));
    const isPrinted = () => {
      if (over) throw new Error(`npm start ended before its summary:\n${this.stderr}`);
      return /^curl: .*\n/m.test(this.stdout);
    };
    await until(isPrinted, { withinMs: Infinity, what: 'the summary' });
    return Object.fromEntries(
      this.stdout
        .trimEnd()
        .split('\n')
        .map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]),
    );
  }
}

export function runNote(dataDir: string): RunNote {
  return JSON.parse(readFileSync(join(dataDir, 'run.json'), 'utf8')) as RunNote;
}
