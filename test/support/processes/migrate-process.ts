import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const MIGRATE = [join(__dirname, '../../../dist/apps/cli/src/main.js'), 'migrate'];

/** Runs `npm run migrate` as a separate process and resolves with its exit code and its output. */
export async function migrateProcess(env: NodeJS.ProcessEnv): Promise<{ code: unknown; output: string }> {
  const child = spawn(process.execPath, MIGRATE, { env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk) => (output += String(chunk)));
  child.stderr.on('data', (chunk) => (output += String(chunk)));
  const [code] = (await once(child, 'exit')) as unknown[];
  return { code, output };
}
