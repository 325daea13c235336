import { run } from '../../apps/cli/src/arcadia/program';

export interface Given {
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: string;
  readonly isScreen: boolean;
  /** What a person answers to a question; without it nobody can be asked. */
  readonly answer: string;
  /** Ctrl-C comes in the pause of this number. */
  readonly endsInPause: number;
}

/** Runs a command of `arcadia` in this process. Its pauses take no time; its clock moves on by them. */
export async function runArcadia(
  args: readonly string[],
  { env = {}, stdin = '', isScreen = false, answer, endsInPause = Infinity }: Partial<Given>,
) {
  let [out, err, now, pauses] = ['', '', Date.parse('2026-11-29T12:00:00Z'), 0];
  const exitCode = await run(args, {
    env,
    out: async (text) => void (out += String(text)),
    err: (text) => void (err += text),
    stdin: async () => stdin,
    isScreen,
    colour: false,
    isInteractive: answer !== undefined,
    ask: async (question) => {
      err += `${question}${answer}\n`;
      return answer ?? '';
    },
    pause: async (ms) => {
      now += ms;
      pauses += 1;
      if (pauses >= endsInPause) throw new DOMException('ended', 'AbortError');
    },
    now: () => now,
    signal: new AbortController().signal,
  });
  return { out, err, exitCode };
}
