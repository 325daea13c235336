import type { Command } from 'commander';
import { answered, clientOf, type Client, type Endpoint } from './client';
import { resolveEndpoint } from './contexts';
import { EXIT, Failure, usageError } from './failure';
import { shapeOf, writeObject, writeRows, type Row, type Shape } from './output';
import type { Terminal } from './terminal';

/** Options of a command with those of every command, by their names in camelCase. */
export type Options = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/** One run of a command: its options, the client and the output. */
export class Session {
  private opened: { readonly endpoint: Endpoint; readonly client: Client } | undefined;

  private constructor(
    readonly terminal: Terminal,
    readonly options: Options,
    private readonly givenToken: string | undefined,
  ) {}

  static async open(terminal: Terminal, options: Options): Promise<Session> {
    const token = options.tokenStdin === true ? (await terminal.stdin()).trim() : undefined;
    if (token === '') throw usageError('--token-stdin found no token on standard input');
    return new Session(terminal, options, token);
  }

  /** The token that `--token-stdin` read, or `ARCADIA_TOKEN`. */
  get token(): string | undefined {
    return this.givenToken ?? (this.terminal.env.ARCADIA_TOKEN || undefined);
  }

  get endpoint(): Endpoint {
    return this.connect().endpoint;
  }

  get client(): Client {
    return this.connect().client;
  }

  text(name: string): string | undefined {
    const value = this.options[name];
    return typeof value === 'string' ? value : undefined;
  }

  has(name: string): boolean {
    return this.options[name] === true;
  }

  list(name: string): readonly string[] {
    const value = this.options[name];
    return Array.isArray(value) ? (value as readonly string[]) : [];
  }

  /** The body field `reason`, left out when it was not given. */
  get reason(): { reason?: string } {
    const reason = this.text('reason');
    return reason === undefined ? {} : { reason };
  }

  /** Throws a usage error when `--reason` was not given. */
  get neededReason(): { reason: string } {
    return { reason: this.needed('reason') };
  }

  needed(name: string): string {
    const value = this.text(name);
    if (value === undefined) throw usageError(`--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} is required`);
    return value;
  }

  shape(fields: readonly string[]): Shape {
    return shapeOf(this.terminal, { output: this.text('output'), fields: this.text('fields') }, fields);
  }

  /** Writes the `data` of an answer as one object. */
  async show(call: Promise<{ data?: { data: object }; error?: unknown; response: Response }>, fields: readonly string[]): Promise<void> {
    const shape = this.shape(fields);
    const { data } = await answered(call);
    await writeObject(this.terminal, shape, data as Row);
  }

  write(rows: AsyncIterable<readonly Row[]>, fields: readonly string[]): Promise<number> {
    return writeRows(this.terminal, this.shape(fields), rows);
  }

  /**
   * Asks a person before something that cannot be undone; a script, or `--yes`, is not asked. Throws a `Failure` for any answer but yes.
   */
  async confirm(question: string): Promise<void> {
    if (this.has('yes') || !this.terminal.isInteractive) return;
    const answer = await this.terminal.ask(`${question} [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim())) throw new Failure(EXIT.failed, 'Nothing was changed', 'not_confirmed');
  }

  /** A line for people, which standard output does not contain. */
  say(line: string): void {
    this.terminal.err(`${line}\n`);
  }

  private connect() {
    if (this.opened) return this.opened;
    const endpoint = resolveEndpoint(this.terminal.env, { context: this.text('context') }, this.givenToken);
    this.opened = { endpoint, client: clientOf(endpoint, this.terminal.signal) };
    return this.opened;
  }
}

/** A duration such as `90s`, `10m`, `2h` or `30d`, in milliseconds. */
export function durationMs(text: string): number {
  const [, count, unit = ''] = /^(\d+)(s|m|h|d)$/.exec(text) ?? [];
  const seconds = { s: 1, m: 60, h: 3600, d: 86_400 }[unit];
  if (count === undefined || seconds === undefined) throw usageError(`${text} is not a duration: write 90s, 10m, 2h or 30d`);
  return Number(count) * seconds * 1000;
}

interface Declaration {
  /** Name and arguments, as in `get <id>`. */
  readonly usage: string;
  readonly summary: string;
  /** Flags and their descriptions. A flag that ends in `...` may be given several times. */
  readonly options?: Readonly<Record<string, string>>;
  readonly examples: readonly string[];
  /** The command only reads, and can be repeated with `--watch`. */
  readonly watch?: boolean;
}

const WATCH = { '--watch [duration]': 'read again until Ctrl-C, every 2s or as often as given' };
const WATCH_EVERY = '2s';
/** Clears the screen and puts the cursor into its first corner. */
const CLEAR = '\x1b[H\x1b[2J';

/** Returns the exit code; 0 when it returns nothing. */
type Run = (session: Session, ...args: string[]) => Promise<number | void>;

/** Adds the declared commands to the program, with their help, and runs them in a session. */
export class CommandBook {
  constructor(
    private readonly terminal: Terminal,
    private readonly end: (exitCode: number) => void,
  ) {}

  group(program: Command, name: string, summary: string): Command {
    return program.command(name).description(summary);
  }

  add(parent: Command, { usage, summary, options = {}, examples, watch }: Declaration, run: Run): Command {
    const command = parent.command(usage).description(summary);
    for (const [flags, description] of Object.entries({ ...options, ...(watch && WATCH) })) command.option(flags, description);
    command.addHelpText('after', `\nExamples:\n${examples.map((example) => `  $ arcadia ${example}`).join('\n')}`);
    return command.action(async () => {
      const session = await Session.open(this.terminal, command.optsWithGlobals());
      const once = () => run(session, ...(command.processedArgs as string[]));
      this.end((await (session.options.watch === undefined ? once() : repeated(session, once))) ?? 0);
    });
  }
}

/** Runs a command again and again until Ctrl-C, which is its ordinary end. On a screen each answer takes the place of the one before. */
async function repeated(session: Session, once: () => Promise<number | void>): Promise<number> {
  const { terminal } = session;
  const everyMs = durationMs(session.text('watch') ?? WATCH_EVERY);
  try {
    for (;;) {
      if (terminal.isScreen) await terminal.out(CLEAR);
      await once();
      await terminal.pause(everyMs);
    }
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError') return EXIT.ok;
    throw error;
  }
}
