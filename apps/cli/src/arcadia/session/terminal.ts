import { createInterface } from 'node:readline/promises';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';

/** Where a command reads and writes. Tests run commands with one of their own. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Resolves once the text was taken, so that a slow reader slows the pages down. */
  readonly out: (text: string | Uint8Array) => Promise<void>;
  readonly err: (text: string) => void;
  readonly stdin: () => Promise<string>;
  /** True when the output goes to a screen and not into a file or another program. */
  readonly isScreen: boolean;
  /** True when a person can be asked. */
  readonly isInteractive: boolean;
  /** The line that the person types after the question. Rejects with an AbortError when the user ends the command. */
  readonly ask: (question: string) => Promise<string>;
  readonly colour: boolean;
  /** Rejects with an AbortError when the user ends the command. */
  readonly pause: (ms: number) => Promise<void>;
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/** The terminal of this process. Ctrl-C aborts `signal`; a reader that has enough, such as `head`, ends the process without a message. */
export function processTerminal(): Terminal {
  const { env, stdout, stderr, stdin } = process;
  const ended = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => ended.abort());
  stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  return {
    env,
    out: (chunk) => new Promise((resolve) => stdout.write(chunk, () => resolve())),
    err: (chunk) => void stderr.write(chunk),
    stdin: () => text(stdin),
    isScreen: stdout.isTTY,
    isInteractive: stdin.isTTY && stderr.isTTY,
    ask: async (question) => {
      const lines = createInterface({ input: stdin, output: stderr });
      try {
        return await lines.question(question, { signal: ended.signal });
      } finally {
        lines.close();
      }
    },
    colour: stdout.isTTY && !env.NO_COLOR && env.TERM !== 'dumb',
    pause: (ms) => pause(ms, undefined, { signal: ended.signal }),
    now: () => Date.now(),
    signal: ended.signal,
  };
}

const CODES = { bold: 1, red: 31, green: 32, yellow: 33, grey: 90 } as const;
export type Colour = keyof typeof CODES;

export function paint(terminal: Terminal, colour: Colour, words: string): string {
  return terminal.colour ? `\x1b[${CODES[colour]}m${words}\x1b[0m` : words;
}
