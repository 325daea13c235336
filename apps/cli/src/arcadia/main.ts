import { processTerminal } from './session/terminal';
import { run } from './program';

async function main(): Promise<void> {
  process.exitCode = await run(process.argv.slice(2), processTerminal());
}

void main();
