import { spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { LaunchError } from './local-stack.errors';

export interface ProcessSpec {
  readonly name: string;
  readonly script: string;
  readonly args?: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** The process is expected to end with exit code 0, and is not started again. */
  readonly once?: boolean;
}

/** sysexits.h EX_CONFIG: starting the process again cannot help. */
const CONFIGURATION_EXIT = 78;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
/** A process that ran this long was healthy, so the pause after its next crash is the first one again. */
const HEALTHY_MS = 30_000;

/** Keeps child processes running: a crashed one is started again after a growing pause. Before `bootCompleted()` such an end is final. */
export class Supervisor extends EventEmitter<{ spawn: [pid: number, name: string] }> {
  private readonly running = new Map<string, ChildProcess>();
  private booting = true;
  private stopping = false;
  private fail: (error: LaunchError) => void = () => undefined;
  /** Rejects when a process has ended and a restart cannot help. Never resolves. */
  readonly failure = new Promise<never>((_resolve, reject) => (this.fail = reject));

  constructor(
    private readonly log: (line: string) => void,
    /** Standard output and error of the children: our own standard error, or the pipe of a formatter. */
    private readonly childTarget: () => 2 | Writable = () => 2,
  ) {
    super();
    this.failure.catch(() => undefined); // a caller that awaits the promise still gets the rejection
  }

  start(spec: ProcessSpec, crashes = 0): ChildProcess {
    const startedAt = Date.now();
    const target = this.childTarget();
    const child = spawn(process.execPath, [spec.script, ...(spec.args ?? [])], {
      env: spec.env,
      detached: true, // Ctrl-C goes to the terminal's whole group: the launcher passes it on once, in order
      stdio: ['ignore', target, target, 'ipc'], // a child that sees the channel close knows that the launcher was killed
    });
    this.running.set(spec.name, child);
    if (child.pid !== undefined) this.emit('spawn', child.pid, spec.name);
    child.once('exit', (code, signal) => {
      this.running.delete(spec.name);
      if (this.stopping || (spec.once && code === 0)) return;
      this.handleCrash(spec, code, signal, Date.now() - startedAt > HEALTHY_MS ? 0 : crashes);
    });
    return child;
  }

  /** Kills a process and starts it with other settings. */
  async replace(spec: ProcessSpec): Promise<void> {
    const old = this.running.get(spec.name);
    if (old) {
      old.removeAllListeners('exit');
      const ended = once(old, 'exit');
      old.kill('SIGKILL');
      await ended;
    }
    this.start(spec);
  }

  /** The start has succeeded: from now on crashed processes are started again. */
  bootCompleted(): void {
    this.booting = false;
  }

  pids(): Record<string, number> {
    return Object.fromEntries([...this.running].map(([name, { pid }]) => [name, pid ?? 0]));
  }

  /** Ends group after group: SIGTERM, and SIGKILL for processes that still run after the limit. */
  async stop(groups: readonly (readonly string[])[], limitMs: number): Promise<void> {
    this.stopping = true;
    for (const names of groups) {
      const children = [...this.running].filter(([name]) => names.includes(name)).map(([, child]) => child);
      const ended = Promise.all(children.map((child) => once(child, 'exit')));
      for (const child of children) child.kill('SIGTERM');
      const timer = setTimeout(() => children.forEach((child) => child.kill('SIGKILL')), limitMs);
      await ended;
      clearTimeout(timer);
    }
  }

  killAll(): void {
    this.stopping = true;
    for (const child of this.running.values()) child.kill('SIGKILL');
  }

  private handleCrash(spec: ProcessSpec, code: number | null, signal: NodeJS.Signals | null, crashes: number): void {
    const how = signal ?? `exit code ${code}`;
    if (this.booting || spec.once || code === CONFIGURATION_EXIT) {
      this.fail(new LaunchError('process_failed', `${spec.name} ended (${how}): its messages are above`));
      return;
    }
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** crashes, LONGEST_PAUSE_MS);
    this.log(`${spec.name} ended (${how}); starting it again in ${pauseMs} ms`);
    void sleep(pauseMs).then(() => this.stopping || this.start(spec, crashes + 1));
  }
}
