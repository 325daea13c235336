import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

/** Fields that every line has, and ids that only matter to a search in stored logs. */
const OMITTED = new Set([
  'time',
  'event',
  'message',
  'level',
  'pid',
  'context',
  'stack',
  'trace_id',
  'request_id',
  'job_id',
  'sweep_id',
  'id',
]);
const MAX_FIELDS = 6;
const MAX_VALUE_LENGTH = 80;
const CLOSE_LIMIT_MS = 1_000;

type Colour = keyof typeof CODES;
const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, cyan: 36 };
const PROCESS_COLOURS: Record<string, Colour> = { api: 'cyan', worker: 'blue', simulator: 'magenta', migrate: 'green', start: 'bold' };

/** Whether the terminal wants colours (https://no-color.org). */
export function wantsColours({ NO_COLOR = '', TERM }: NodeJS.ProcessEnv): boolean {
  return NO_COLOR === '' && TERM !== 'dumb';
}

function paint(text: string, colour: Colour | undefined, colours: boolean): string {
  return colours && colour ? `\u001b[${CODES[colour]}m${text}\u001b[0m` : text;
}

/** A JSON log line as one short line: time, process, event and a few fields. Any other text is returned unchanged. */
export function formatLogLine(text: string, processName: (pid: number) => string, colours: boolean): string {
  const line = parseLine(text);
  if (!line) return text;
  const { time, event, message, level, pid, stack } = line;
  const fields = Object.entries(line).filter(
    ([name, value]) => !OMITTED.has(name) && ['string', 'number', 'boolean'].includes(typeof value),
  );
  const shown = fields.slice(0, MAX_FIELDS).map(([name, value]) => `${paint(`${name}=`, 'dim', colours)}${shorten(String(value))}`);
  const colour = level === 'error' || level === 'fatal' ? 'red' : level === 'warn' ? 'yellow' : undefined;
  const reason = typeof stack === 'string' ? [shorten(stack.split('\n', 1)[0] ?? '')] : [];
  const rest = [paint(textOf(event) || textOf(message), colour, colours), ...shown, ...reason].join(' ');
  const name = pid === undefined ? 'simulator' : processName(Number(pid)); // the simulator's lines have neither time nor pid
  return formatLine(typeof time === 'string' ? new Date(time) : new Date(), name, rest, colours);
}

/** A line of the launcher itself, in the same columns. */
export function formatOwnLine(text: string, now: Date, colours: boolean): string {
  return formatLine(now, 'start', text, colours);
}

/** Rules above and below the summary. Its lines stay `name: value`, so that they can be copied and searched as always. */
export function frameSummary(text: string, colours: boolean): string {
  const rule = (title: string) => paint(title.padEnd(72, '─'), 'green', colours);
  return `${rule('── arcadia-cloud is running ')}\n${text}${rule('── Ctrl-C ends it ')}\n`;
}

function formatLine(time: Date, name: string, rest: string, colours: boolean): string {
  const clock = Number.isNaN(time.getTime()) ? '--:--:--' : time.toTimeString().slice(0, 8);
  return `${paint(clock, 'dim', colours)} ${paint(name.padEnd(9), PROCESS_COLOURS[name], colours)} ${rest}`;
}

function parseLine(text: string): Record<string, unknown> | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const line = JSON.parse(text) as Record<string, unknown>;
    return 'event' in line || 'message' in line ? line : undefined;
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function shorten(value: string): string {
  return value.length > MAX_VALUE_LENGTH ? `${value.slice(0, MAX_VALUE_LENGTH)}…` : value;
}

/**
 * Output of `npm start` on a terminal. The children write into the pipe of a formatter process, not of the launcher: the pipe then outlives
 * a killed launcher, and the children can log until they have ended. Without a terminal nothing is formatted: children write JSON lines.
 */
export class TerminalOutput {
  private formatter: ChildProcess | undefined;
  private readonly colours = wantsColours(process.env);

  private constructor(private readonly onTerminal: boolean) {}

  static open(): TerminalOutput {
    const output = new TerminalOutput(process.stdout.isTTY && process.stderr.isTTY);
    if (output.onTerminal) output.startFormatter();
    return output;
  }

  /** Standard output and error of a child. */
  get childTarget(): 2 | Writable {
    return this.formatter?.stdin ?? 2;
  }

  log(text: string): void {
    process.stderr.write(this.onTerminal ? `${formatOwnLine(text, new Date(), this.colours)}\n` : `arcadia: ${text}\n`);
  }

  /** Steps of the start, on a terminal only. */
  progress(text: string): void {
    if (this.onTerminal) this.log(text);
  }

  /** Names the process of a pid in the lines that follow. */
  nameProcess(pid: number, name: string): void {
    this.formatter?.stdin?.write(`${JSON.stringify({ pid, process_name: name })}\n`);
  }

  printSummary(text: string): void {
    process.stdout.write(this.onTerminal ? frameSummary(text, this.colours) : text);
  }

  /** Waits until the last lines of the children are printed. */
  async close(): Promise<void> {
    const { formatter } = this;
    if (!formatter) return;
    const ended = once(formatter, 'exit');
    formatter.stdin?.end();
    await Promise.race([ended, sleep(CLOSE_LIMIT_MS, undefined, { ref: false })]);
  }

  private startFormatter(): void {
    const formatter = spawn(process.execPath, [__filename], {
      detached: true, // Ctrl-C must not end it before the children
      stdio: ['pipe', 'ignore', 2],
    });
    formatter.once('exit', () => (this.formatter = undefined));
    formatter.on('error', () => (this.formatter = undefined));
    formatter.stdin?.on('error', () => undefined); // it ended; `exit` follows
    this.formatter = formatter;
  }
}

/** Ends when the launcher and all children have closed their end of the pipe. */
function formatStandardInput(): void {
  const names = new Map<number, string>();
  const colours = wantsColours(process.env);
  createInterface({ input: process.stdin }).on('line', (text) => {
    const named = /^\{"pid":(\d+),"process_name":"(\w+)"\}$/.exec(text);
    if (named) names.set(Number(named[1]), named[2] ?? '');
    else process.stderr.write(`${formatLogLine(text, (pid) => names.get(pid) ?? String(pid), colours)}\n`);
  });
}

if (require.main === module) formatStandardInput();
