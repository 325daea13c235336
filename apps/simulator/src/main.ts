import { readSettings } from './settings';
import { startSimulator, type RunningSimulator } from './start-simulator';

/** Runs the simulator until a signal, or until the process that started it is gone. */
async function main(): Promise<void> {
  const settings = readSettings(process.env);
  const simulator = await startSimulator(settings).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error;
    throw new Error(`Port ${settings.port} on ${settings.host} is already in use: stop the other process or set SIMULATOR_PORT.`);
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop(simulator));
  if (process.send !== undefined) process.once('disconnect', () => void stop(simulator));
  console.log(JSON.stringify({ event: 'listening', url: simulator.url }));
}

async function stop(simulator: RunningSimulator): Promise<void> {
  await simulator.close();
  process.exit(0);
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exit(1);
});
