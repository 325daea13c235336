import { parseArgs, type ParseArgsConfig } from 'node:util';

/** The arguments of the command are wrong: its usage is printed, exit code 2. */
export class UsageError extends Error {
  constructor(
    message: string,
    readonly usage: string,
  ) {
    super(message);
    this.name = 'UsageError';
  }
}

/** The usage was requested: it is printed to standard output, exit code 0. */
export class HelpRequested extends Error {
  constructor(readonly usage: string) {
    super('help');
    this.name = 'HelpRequested';
  }
}

type Options = NonNullable<ParseArgsConfig['options']>;

/** Parses the flags of a command without other arguments. Throws UsageError for unknown flags, HelpRequested for `--help`. */
export function parseFlags<const O extends Options>(args: readonly string[], usage: string, options: O) {
  const all = { ...options, help: { type: 'boolean', short: 'h' } } as const;
  let values: ReturnType<typeof parseArgs<{ args: string[]; options: typeof all }>>['values'];
  try {
    ({ values } = parseArgs({ args: [...args], options: all }));
  } catch (error) {
    throw new UsageError((error as Error).message, usage);
  }
  if ((values as { help?: boolean }).help) throw new HelpRequested(usage);
  return values;
}
