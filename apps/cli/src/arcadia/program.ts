import { Command, CommanderError } from 'commander';
import { addAuditCommands } from './commands/audit-and-events';
import { addBillingCommands } from './commands/billing';
import { addCompletion } from './commands/completion';
import { addContextCommands } from './commands/context';
import { addDriftCommands } from './commands/drift';
import { addDemoCommand } from './demo/demo-command';
import { addInventoryCommands, addRuleCommands } from './commands/inventory';
import { addOrderCommand } from './commands/order';
import { addRateCommands } from './commands/rates';
import { addSagaCommands } from './commands/saga';
import { addSweepCommands } from './commands/sweep';
import { addTenantBillingCommands } from './commands/tenant-billing';
import { addTenantCommands } from './commands/tenants';
import { addSubscriptionCommands, addWebhookCommands } from './commands/webhook';
import { EXIT, Failure, failureText } from './session/failure';
import { FORMATS } from './session/output';
import { CommandBook } from './session/session';
import type { Terminal } from './session/terminal';

declare const ARCADIA_VERSION: string | undefined;

const NOTES = `
Exit codes:
  0 ok · 1 failed · 2 usage · 3 there are rows or changes (with --exit-code) · 4 sign-in or scope · 5 not found
  6 conflict or busy · 7 the saga ended badly · 124 timed out
Environment:
  ARCADIA_API, ARCADIA_TOKEN, ARCADIA_CONTEXT, ARCADIA_CONFIG, ARCADIA_WEBHOOK_SECRET, DATA_DIR, NO_COLOR`;

/** Runs one command line. Returns the exit code, and never rejects. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = programOf(terminal, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    return explain(error, terminal);
  }
}

export function programOf(terminal: Terminal, end: (exitCode: number) => void): Command {
  const program = new Command('arcadia')
    .description('Operates arcadia-cloud through its HTTP API')
    .version(typeof ARCADIA_VERSION === 'string' ? ARCADIA_VERSION : 'unbuilt')
    .option('-o, --output <format>', `${FORMATS.join(', ')}; a table on a screen, tsv otherwise`)
    .option('--fields <names>', 'fields with commas, such as id,name,attribution.by')
    .option('--context <name>', 'use this context once')
    .option('--token-stdin', 'read the token from standard input')
    .option('-y, --yes', 'do not ask before something that cannot be undone')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeOut: (text) => void terminal.out(text), writeErr: (text) => terminal.err(text) })
    .addHelpText('after', NOTES);
  const book = new CommandBook(terminal, end);
  addContextCommands(book, program);
  addInventoryCommands(book, program);
  addTenantCommands(book, program);
  addOrderCommand(book, program);
  addSagaCommands(book, program);
  addDriftCommands(book, program);
  addSweepCommands(book, program);
  addRuleCommands(book, program);
  addBillingCommands(book, program);
  addWebhookCommands(book, program);
  addSubscriptionCommands(book, program);
  addTenantBillingCommands(book, program);
  addRateCommands(book, program);
  addAuditCommands(book, program);
  addDemoCommand(book, program, run);
  addCompletion(book, program);
  return program;
}

function explain(error: unknown, terminal: Terminal): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof Failure) {
    terminal.err(failureText(error));
    return error.exitCode;
  }
  if (error instanceof Error && error.name === 'AbortError') return 130;
  terminal.err(`arcadia: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return EXIT.failed;
}
