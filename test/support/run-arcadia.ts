import { run } from '../../apps/cli/src/arcadia/program';

export interface Given {
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: string;
  readonly isScreen: boolean;
}

/** Runs a command of `arcadia` in this process. Its pauses take no time; its clock moves on by them. */
export async function runArcadia(args: readonly string[], { env = {}, stdin = '', isScreen = false }: Partial<Given>) {
  let [out, err, now] = ['', '', Date.parse('2026-11-29T12:00:00Z')];
  const exitCode = await run(args, {
    env,
    out: async (text) => void (out += text),
    err: (text) => void (err += text),
    stdin: async () => stdin,
    isScreen,
    colour: false,
    pause: async (ms) => void (now += ms),
    now: () => now,
    signal: new AbortController().signal,
  });
  return { out, err, exitCode };
}
