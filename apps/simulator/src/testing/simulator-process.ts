import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

const MAIN = resolve(__dirname, '../../../../dist/apps/simulator/src/main.js');

/** The simulator as a process of its own, as it is deployed: from `dist`, which `npm test` builds first. */
export interface SimulatorProcess {
  child: ChildProcess;
  /** Rejects when the process ended before it listened, with what it said on stderr. */
  listening: Promise<string>;
  /** Exit code, or the signal that ended it. */
  ended: Promise<number | string>;
}

export function spawnSimulator(env: Record<string, string>): SimulatorProcess {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: run npm run build first`);
  const child = fork(MAIN, { env: { PATH: process.env.PATH, SIMULATOR_PORT: '0', ...env }, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  let output = '';
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const drained = child.stderr === null ? undefined : once(child.stderr, 'close');
  const ended = once(child, 'exit').then(async ([code, signal]) => {
    await drained;
    return (code ?? signal) as number | string;
  });
  const listening = new Promise<string>((resolveUrl, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('\n')) resolveUrl((JSON.parse(output) as { url: string }).url);
    });
    void ended.then(() => reject(new Error(errors)));
  });
  listening.catch(() => undefined);
  return { child, listening, ended };
}
