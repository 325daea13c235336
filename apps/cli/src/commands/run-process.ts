import { existsSync, readFileSync } from 'node:fs';
import { parseFlags } from '../command-line';
import {
  LaunchError,
  planStart,
  type ProcessName,
  readRunning,
  runFile,
  type RunNote,
  scriptOf,
  simulatorEnvironment,
} from '#libs/local-stack';

/**
 * `npm run start:api`, `start:worker`, `start:simulator`: runs the deployable in this process. Without DATABASE_URL it joins the
 * `npm start` of DATA_DIR: it uses that system's database and, if there is one, its simulator.
 */
export function runProcess(name: ProcessName, args: readonly string[]): undefined {
  parseFlags(args, `npm run start:${name}\n  Runs the ${name} alone. The environment is described in .env.example.`, {});
  const { dataDir, database, externalDatabase } = planStart(process.env);
  process.env.DATA_DIR = dataDir;
  if (name !== 'simulator' && !externalDatabase) joinRunning(dataDir, database);
  require(scriptOf(name));
}

function joinRunning(dataDir: string, database: string): void {
  const server = readRunning(dataDir);
  if (!server) {
    throw new LaunchError(
      'nothing_running',
      `DATABASE_URL is not set and no npm start is running in DATA_DIR ${dataDir}: set DATABASE_URL, or run npm start first`,
    );
  }
  const note = existsSync(runFile(dataDir)) ? (JSON.parse(readFileSync(runFile(dataDir), 'utf8')) as RunNote) : undefined;
  const runsDemo = note?.simulator !== 'off';
  if (note && runsDemo !== (database === 'arcadia_demo')) {
    throw new LaunchError(
      'nothing_running',
      `The npm start in DATA_DIR ${dataDir} runs ${runsDemo ? 'the demo' : 'with a real provider'}, but the DO_API_ variables of this process do not match: make them equal, or set DATABASE_URL`,
    );
  }
  process.env.DATABASE_URL = server.appUrl(database);
  if (note && runsDemo) {
    Object.assign(process.env, simulatorEnvironment(note.simulator, process.env.SIMULATOR_TOKEN?.trim() || 'dop_v1_simulator'));
  }
}
