import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { clientOf, reached, type Client } from '../session/client';
import { EXIT, Failure } from '../session/failure';
import type { Session } from '../session/session';
import { paint, type Terminal } from '../session/terminal';

/** Runs one command line, as `arcadia` does. */
export type RunCommand = (args: readonly string[], terminal: Terminal) => Promise<number>;

/** What `npm start` wrote for its users, as far as the demo needs it. */
interface RunningSystem {
  readonly api: string;
  readonly simulator: string;
  readonly simulator_token: string;
  readonly admin_token: string;
  readonly tenant_token: string;
  readonly pids: Readonly<Record<string, number>>;
}

interface Expected {
  /** Run as the tenant `acme` instead of the admin. */
  readonly asTenant?: boolean;
  /** The exit code that the demo wants to show; 0 by default. */
  readonly exit?: number;
}

const PAUSE_MS = 500;
const LIMIT_MS = 120_000;

/** The stage of the guided demo: it prints what it does, runs real commands, and stops when a claim does not hold. */
export class Story {
  private constructor(
    private readonly session: Session,
    private readonly run: RunCommand,
    private readonly file: string,
    readonly system: RunningSystem,
  ) {}

  /** Throws a `Failure` unless `npm start` runs here with the simulated account. */
  static open(session: Session, run: RunCommand): Story {
    const file = join(session.terminal.env.DATA_DIR || '.data', 'run.json');
    const system = readSystem(file);
    if (system.simulator === 'off')
      throw new Failure(EXIT.usage, 'The demo changes the account: it needs the simulated one', 'real_account');
    return new Story(session, run, file, system);
  }

  get admin(): Client {
    return clientOf({ api: this.system.api, token: this.system.admin_token }, this.session.terminal.signal);
  }

  /** The present process ids: a process that was killed is started again with another one. */
  get pids(): RunningSystem['pids'] {
    return readSystem(this.file).pids;
  }

  now(): number {
    return this.session.terminal.now();
  }

  async chapter(title: string, ...lines: readonly string[]): Promise<void> {
    await this.print(`\n${paint(this.session.terminal, 'bold', title)}\n`);
    for (const line of lines) await this.say(line);
  }

  say(line: string): Promise<void> {
    return this.print(`${line}\n`);
  }

  /** Waits for Enter where a person reads along. */
  async next(): Promise<void> {
    const { terminal } = this.session;
    if (this.session.has('yes') || !terminal.isInteractive) return;
    await terminal.ask(paint(terminal, 'grey', '— Enter for the next step, Ctrl-C to stop — '));
  }

  /** Shows and runs a command. Throws a `Failure` when it ends with another exit code than expected. */
  async arcadia(args: readonly string[], { asTenant = false, exit = EXIT.ok }: Expected = {}): Promise<void> {
    const { terminal } = this.session;
    await this.command(`arcadia ${args.map(quoted).join(' ')}`, asTenant ? 'as acme' : undefined);
    const { api, admin_token, tenant_token } = this.system;
    const env = { ...terminal.env, ARCADIA_API: api, ARCADIA_TOKEN: asTenant ? tenant_token : admin_token };
    const isFollowing = args.includes('watch') || args.includes('--wait'); // these draw over their own lines on a screen
    const code = await this.run(args, { ...terminal, env, isInteractive: false, isScreen: terminal.isScreen || !isFollowing });
    if (code !== exit) throw new Failure(EXIT.failed, `The command ended with ${code}, and the demo expected ${exit}`, 'demo_failed');
  }

  command(line: string, who?: string): Promise<void> {
    const { terminal } = this.session;
    return this.print(`${paint(terminal, 'green', `$ ${line}`)}${who === undefined ? '' : paint(terminal, 'grey', `   (${who})`)}\n`);
  }

  /** A call at the simulated provider, as somebody in its control panel makes it. */
  async provider<T>(method: string, path: string, body?: object): Promise<T> {
    return this.send<T>(method, `/v2/${path}`, body, { authorization: `Bearer ${this.system.simulator_token}` });
  }

  /** A call of the simulator's control API, which injects faults. */
  async simulator<T>(method: string, path: string, body?: object): Promise<T> {
    return this.send<T>(method, `/_simulator/${path}`, body, {});
  }

  /** Throws a `Failure` when the condition does not hold within two minutes. */
  async until<T>(what: string, check: () => Promise<T | undefined | false>): Promise<T> {
    const deadline = this.now() + LIMIT_MS;
    for (;;) {
      const found = await check();
      if (found !== undefined && found !== false) return found;
      if (this.now() > deadline) throw new Failure(EXIT.failed, `The demo has waited two minutes for ${what}`, 'demo_failed');
      await this.session.terminal.pause(PAUSE_MS);
    }
  }

  /** Throws a `Failure` unless the claim holds, and prints it. */
  async claim(holds: boolean, sentence: string): Promise<void> {
    if (!holds) throw new Failure(EXIT.failed, `This is not so: ${sentence}`, 'demo_failed');
    await this.print(`${paint(this.session.terminal, 'green', '✓')} ${sentence}\n`);
  }

  private async send<T>(method: string, path: string, body: object | undefined, headers: Record<string, string>): Promise<T> {
    const call = fetch(`${this.system.simulator}${path}`, {
      method,
      headers: { ...headers, 'content-type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
      signal: this.session.terminal.signal,
    });
    const response = await reached(call);
    const text = await response.text();
    if (!response.ok)
      throw new Failure(EXIT.failed, `The simulator answered ${response.status} to ${method} ${path}: ${text}`, 'demo_failed');
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  private print(text: string): Promise<void> {
    return this.session.terminal.out(text);
  }
}

function readSystem(file: string): RunningSystem {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as RunningSystem;
  } catch {
    throw new Failure(EXIT.usage, `There is no ${file}: run npm start in another terminal first`, 'not_running');
  }
}

const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `"${word}"`);
