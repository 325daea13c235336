import { DomainError } from '#libs/kernel';
import { HelpRequested, parseFlags, UsageError } from './command-line';
import { EmbeddedPostgresError } from '#libs/local-stack';
import { environmentFile } from './environment';
import type * as MigrateCommand from '#processes/migrate';

const USAGE = `node apps/cli/entry.mjs <command> [--help]
  up                      everything on this machine (npm start)
  api, worker, simulator  one process (npm run start:<name>)
  migrate                 apply the missing migrations
  audit:verify            verify that events and audit log are unchanged
  events:archive          archive old months of events
  token                   print an access token
  test [--long]           run the test suite
  bench [name…]           run the measurements`;

const UP_USAGE = `npm start
  Database, migrations, simulator (unless a provider is configured), worker and api; a summary of them on standard output, logs on standard error.
  Ctrl-C or SIGTERM ends all of it in order, a second one at once. The environment is described in .env.example.`;

type ExitCode = number | undefined | Promise<number>;

/** Each command loads only its own code, which keeps the launcher fast and small. Undefined: the process continues. */
const commands: Record<string, (args: readonly string[]) => Promise<ExitCode>> = {
  up: async (args) => {
    parseFlags(args, UP_USAGE, {});
    return (await import('./commands/up.js')).up();
  },
  api: async (args) => (await import('./commands/run-process.js')).runProcess('api', args),
  worker: async (args) => (await import('./commands/run-process.js')).runProcess('worker', args),
  simulator: async (args) => (await import('./commands/run-process.js')).runProcess('simulator', args),
  migrate: (args) => (require('#processes/migrate') as typeof MigrateCommand).migrate(args), // eslint-disable-line @typescript-eslint/no-require-imports
  'audit:verify': async (args) => (await import('./commands/audit-verify.js')).auditVerify(args),
  'events:archive': async (args) => (await import('./commands/events-archive.js')).eventsArchive(args),
  token: async (args) => (await import('./commands/token.js')).token(args),
  test: async (args) => (await import('./commands/test-and-bench.js')).test(args),
  bench: async (args) => (await import('./commands/test-and-bench.js')).bench(args),
};

/** The environment file is for running the product; tests and measurements must not depend on it. */
const WITHOUT_ENVIRONMENT_FILE = ['test', 'bench'];

async function main([name = '', ...args]: readonly string[]): Promise<void> {
  try {
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (!command) {
      if (name === '--help' || name === '-h') throw new HelpRequested(USAGE);
      throw new UsageError(name ? `Unknown command ${name}` : 'A command is missing', USAGE);
    }
    const file = WITHOUT_ENVIRONMENT_FILE.includes(name) ? undefined : environmentFile(process.env, process.cwd());
    if (file !== undefined) process.loadEnvFile(file);
    const exitCode = await command(args);
    if (exitCode !== undefined) process.exit(exitCode);
  } catch (error) {
    process.exit(explain(error));
  }
}

/** Prints one sentence for an expected error and the stack for an unexpected one. Returns the exit code. */
function explain(error: unknown): number {
  if (error instanceof HelpRequested) {
    process.stdout.write(`${error.usage}\n`);
    return 0;
  }
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\n\n${error.usage}\n`);
    return 2;
  }
  const expected = error instanceof DomainError || error instanceof EmbeddedPostgresError;
  process.stderr.write(`${expected ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
  return 1;
}

void main(process.argv.slice(2));
