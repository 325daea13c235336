import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';

/** This process is signalled in the same turn of the event loop in which it installs its handlers. Node delivers signals between turns. */
const PROCESS = `
process.once('SIGTERM', () => process.exit(9));
const { endOnSignal } = require(process.argv[1]);
process.kill(process.pid, 'SIGTERM');
endOnSignal('test', { close: async () => console.log('closed'), closeAllConnections: () => undefined }, 5_000);
setInterval(() => undefined, 1_000);`;

it('handles a signal that arrives while a process is still loading [OPS-6]', async () => {
  const child = spawn(process.execPath, ['-e', PROCESS, resolve('dist/libs/platform/runtime/src/run-process.js')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 10_000,
    killSignal: 'SIGKILL',
  });
  const [[code], output] = await Promise.all([once(child, 'exit'), text(child.stdout)]);
  expect({ code, output }).toMatchObject({ code: 0, output: expect.stringContaining('closed') as string });
});
