import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../../libs/platform/local-stack/src/ports';
import { until } from '../until';

const APPS = { api: { portVariable: 'PORT' }, worker: { portVariable: 'WORKER_PORT' } } as const;

export type AppName = keyof typeof APPS;

/** A process as it is deployed: the built script with its own environment and no test code inside. */
export class SpawnedProcess {
  private text = '';
  private readonly ended: Promise<number>;

  private constructor(
    readonly child: ChildProcess,
    readonly port: number,
  ) {
    child.stdout?.on('data', (chunk) => (this.text += String(chunk)));
    child.stderr?.on('data', (chunk) => (this.text += String(chunk)));
    this.ended = once(child, 'exit').then(([code, signal]) => (code as number | null) ?? (signal === 'SIGKILL' ? 137 : 1));
  }

  /** `env` may set the port (`PORT`, `WORKER_PORT`). Otherwise a free port is taken. */
  static async start(app: AppName, env: NodeJS.ProcessEnv): Promise<SpawnedProcess> {
    const main = join(__dirname, `../../../dist/apps/${app}/src/main.js`);
    if (!existsSync(main)) throw new Error(`There is no built ${app} at ${main}: run npm run build before this test`);
    const { portVariable } = APPS[app];
    const port = Number(env[portVariable] ?? (await freePort()));
    const child = spawn(process.execPath, [main], {
      env: { PATH: process.env.PATH, NODE_ENV: 'test', JWT_SECRET: 'unused', ...env, [portVariable]: String(port) },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    return new SpawnedProcess(child, port);
  }

  /** The complete output of the process. */
  get output(): string {
    return this.text;
  }

  /** The events that the process logged, in order. */
  get events(): string[] {
    return [...this.text.matchAll(/"event":"(\w+)"/g)].map(([, event]) => event ?? '');
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Returns undefined when there is no response. */
  async get(path: string): Promise<{ status: number; body: unknown } | undefined> {
    try {
      const answer = await fetch(`${this.url}${path}`);
      return { status: answer.status, body: await answer.json() };
    } catch {
      return undefined;
    }
  }

  async readiness(): Promise<number | undefined> {
    return (await this.get('/api/health/ready'))?.status;
  }

  /** Throws at once when the process has ended instead of waiting for the timeout. */
  async ready(limitMs?: number): Promise<void> {
    try {
      await until(async () => this.hasEnded || (await this.readiness()) === 200, { what: 'readiness', withinMs: limitMs });
    } catch (error) {
      throw new Error(`process ${this.child.pid} runs and is not ready: ${JSON.stringify(await this.get('/api/health/ready'))}; it said last: ${this.text.slice(-2_000)}`, { cause: error }); // prettier-ignore
    }
    if (this.hasEnded)
      throw new Error(`process ${this.child.pid} ended with ${this.child.exitCode ?? this.child.signalCode}: ${this.text.slice(-2_000)}`);
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Resolves with the exit code. */
  exit(): Promise<number> {
    return this.ended;
  }

  /** Freezes the process, as a debugger or the migration of a virtual machine does. `thaw` continues it. */
  freeze(): void {
    this.child.kill('SIGSTOP');
  }

  thaw(): void {
    this.child.kill('SIGCONT');
  }

  /** Ends the process in whatever state it is. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }
}
