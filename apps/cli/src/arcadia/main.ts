import { processTerminal } from './session/terminal';
import { run } from './program';

void run(process.argv.slice(2), processTerminal()).then((exitCode) => {
  process.exitCode = exitCode;
});
