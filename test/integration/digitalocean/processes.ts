import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { TOKEN, type World } from '../../support/client-world';
import { JWT_SECRET } from '../../support/settings';

const running = new Set<ChildProcess>();

/** Starts another process that calls as fast as it may. */
export function startCaller(world: World, settings: Record<string, string>): ChildProcess {
  const child = spawn(process.execPath, ['-r', join(__dirname, '../../support/run-typescript.cjs'), join(__dirname, 'caller.ts')], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: world.stored.appUrl,
      DO_API_URL: world.provider.url,
      DO_API_TOKEN: TOKEN,
      JWT_SECRET,
      ...settings,
    },
  });
  running.add(child);
  return child;
}

export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }
  running.delete(child);
}

export async function killAll(): Promise<void> {
  await Promise.all([...running].map(kill));
}
