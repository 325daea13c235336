import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** An account that owns no file, like the account of a container. Only root can change to another account. */
const NOBODY = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

/** Runs a command of the image in the folder that acts as its `/app`, as an account that may write nowhere in it. */
export class ImageProcess {
  output = '';
  private constructor(
    private readonly child: ReturnType<typeof spawn>,
    readonly exit: Promise<number | string | null>,
  ) {}

  static start(app: string, [program = '', ...args]: readonly string[], env: NodeJS.ProcessEnv): ImageProcess {
    const child = spawn(program === 'node' ? process.execPath : program, args, {
      cwd: app,
      env: { PATH: process.env.PATH, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...NOBODY,
    });
    const exit = once(child, 'exit').then(([code, signal]) => (code as number | null) ?? (signal as string | null));
    const started = new ImageProcess(child, exit);
    child.stdout.on('data', (chunk) => (started.output += String(chunk)));
    child.stderr.on('data', (chunk) => (started.output += String(chunk)));
    return started;
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }
}
