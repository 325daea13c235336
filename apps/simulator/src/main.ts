import { readSettings } from './settings';
import { startSimulator, type RunningSimulator } from './start-simulator';

/** Runs the simulator until a signal, or until the process that started it is gone. */
async function main(): Promise<void> {
  const settings = readSettings(process.env);
  const simulator = await startSimulator(settings).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error;
    throw new Error(`Port ${settings.port} on ${settings.host} is already in use: stop the other process or set SIMULATOR_PORT.`);
  });
  endOnSignal(simulator);
  console.log(JSON.stringify({ event: 'listening', url: simulator.url }));
}

/** npm passes on a signal that the terminal has sent to the whole group: two signals this close together are one. */
const ECHO_MS = 300;

/** The first signal ends the simulator in order, a later one at once. */
function endOnSignal(simulator: RunningSimulator): void {
  let endingSinceMs: number | undefined;
  const end = () => {
    if (endingSinceMs !== undefined && performance.now() - endingSinceMs > ECHO_MS) process.exit(1);
    if (endingSinceMs !== undefined) return;
    endingSinceMs = performance.now();
    void stop(simulator);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, end);
  if (process.send !== undefined) process.once('disconnect', end);
}

async function stop(simulator: RunningSimulator): Promise<void> {
  await simulator.close();
  process.exit(0);
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exit(1);
});
