import { DEFAULT_TOKEN, type RunningSimulator, type SimulatorOptions, startSimulator } from './start-simulator';

const DEFAULT_PORT = 4008;

/** Reads the environment. Throws one error that names every wrong variable. */
function readSettings(env: NodeJS.ProcessEnv): SimulatorOptions {
  const problems: string[] = [];
  const number = (name: string, fallback: number, isValid: (value: number) => boolean): number => {
    const text = env[name]?.trim() ?? '';
    const value = text === '' ? fallback : Number(text);
    if (!/^\d*\.?\d*$/.test(text) || !isValid(value)) problems.push(`${name}=${env[name]} is not valid`);
    return value;
  };
  const token = (text: string): string => {
    if (text.trim() === '') return DEFAULT_TOKEN;
    if (text !== text.trim()) problems.push('SIMULATOR_TOKEN has blanks before or after it'); // an HTTP header cannot carry them
    return text;
  };
  const settings = {
    port: number('SIMULATOR_PORT', DEFAULT_PORT, (port) => Number.isInteger(port) && port >= 0 && port <= 65_535),
    host: env.HOST || '127.0.0.1',
    token: token(env.SIMULATOR_TOKEN ?? ''),
    seed: number('SIMULATOR_SEED', 1, Number.isSafeInteger),
    scale: number('SIMULATOR_SCALE', 1, (scale) => scale > 0 && Number.isFinite(scale)),
    dataDir: env.DATA_DIR || '.data',
  };
  if (problems.length > 0) throw new Error(`${problems.join('; ')}.`);
  return settings;
}

/** Runs the simulator until a signal arrives or the parent process ends. */
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
