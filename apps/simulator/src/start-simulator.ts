import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { upgradeState } from './control/account-document';
import { controlRoutes } from './control/control.routes';
import { type SeedOptions, seedState } from './demo/demo-state';
import { ENDPOINT_GROUPS } from './endpoints/endpoints';
import { handleRequest, LATE_REQUEST, ProviderApi } from './endpoints/provider-api';
import { FaultEngine } from './faults/fault-engine';
import { financeEndpoints } from './finance/finance.endpoints';
import { ProviderRefusal, type ProviderRequest, RouteTable } from './http/route';
import { Ledger } from './http/ledger';
import { FolderLock, Journal } from './journal/journal';
import { SeededRandom } from './world/random';
import { MailServer } from './mail/mail-server';
import { type Transition, World } from './world/world';

export interface SimulatorOptions {
  /** 0 (the default here) chooses any free port. */
  port?: number;
  host?: string;
  /** The accepted bearer token. */
  token?: string;
  seed?: number;
  scale?: number;
  /** The state is stored in `<dataDir>/simulator` and survives kill -9. Without a folder it is kept in memory only. */
  dataDir?: string;
  empty?: boolean;
}

export interface RunningSimulator {
  /** Base URL, without a trailing slash. */
  url: string;
  token: string;
  /** Breaks open connections and frees the port. */
  close: () => Promise<void>;
}

export const DEFAULT_TOKEN = 'dop_v1_simulator';
const MAX_BODY = '1mb';
/** Large enough for an invoice of many lines. */
const MAX_FINANCE_BODY = '200mb';

/** Starts a simulated DigitalOcean. Rejects when the port or the folder is in use, before it has touched any stored state. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<RunningSimulator> {
  const { port = 0, host = '127.0.0.1', token = DEFAULT_TOKEN, seed = 1, scale = 1, empty = false, dataDir } = options;
  const server = createServer();
  server.listen(port, host);
  await once(server, 'listening');
  const folder = dataDir === undefined ? undefined : join(dataDir, 'simulator');
  let lock: FolderLock | undefined;
  try {
    lock = folder === undefined ? undefined : await FolderLock.acquire(folder);
    const simulation = new Simulation({ seed, scale, empty, token }, folder);
    server.on('request', simulatorApp(simulation));
    simulation.mail.bind(server);
    const { port: actual } = server.address() as AddressInfo;
    return { url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}`, token, close: () => closeAll(server, simulation, lock) };
  } catch (error) {
    lock?.release();
    server.close();
    throw error;
  }
}

function simulatorApp(simulation: Simulation): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use('/_simulator', controlRoutes(simulation));
  app.use('/finance', express.text({ type: () => true, limit: MAX_FINANCE_BODY }));
  app.use(express.text({ type: () => true, limit: MAX_BODY }));
  app.use((error: unknown, req: Request, res: Response, next: NextFunction) => {
    if (!(error instanceof Error)) return next(error);
    req.body = undefined; // an unreadable body counts as no body: the endpoint refuses it with 400
    next();
  });
  app.use(simulation.api.handle);
  return app;
}

async function closeAll(server: Server, simulation: Simulation, lock: FolderLock | undefined): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  simulation.mail.close();
  await closed;
  simulation.close();
  lock?.release();
}

/** Faults draw from their own generator, so that a rule does not change the next ids. */
const faultRandom = (seed: number): SeededRandom => new SeededRandom(seed ^ 0x5f3759df);

/** One simulated account with its faults and its ledger: the whole simulator without the port. */
class Simulation {
  readonly world: World;
  readonly faults: FaultEngine;
  readonly ledger = new Ledger();
  readonly mail = new MailServer();
  readonly api: ProviderApi;
  private readonly journal?: Journal;

  /** Loads the state stored in `dataFolder`, or seeds a new account. Without a folder the state is kept in memory only. */
  constructor(
    private options: SeedOptions,
    dataFolder?: string,
  ) {
    const routes = new RouteTable([...ENDPOINT_GROUPS, financeEndpoints]);
    const seeded = seedState(options);
    this.journal = dataFolder === undefined ? undefined : Journal.open(dataFolder);
    const stored = this.journal?.load(seeded);
    const state = stored === undefined ? seeded : upgradeState(stored, options.token);
    this.journal?.rewrite(state);
    this.world = new World(state, transitionsOf(routes), this.journal);
    this.faults = new FaultEngine(faultRandom(options.seed));
    this.api = new ProviderApi(this.world, routes, this.faults, this.ledger);
  }

  /** Seeds a fresh account and resets rules, ledger, rate windows and clock. Options that are not given keep their value from the start. */
  reset(change: Partial<SeedOptions>): void {
    const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
    const options = { ...this.options, ...given };
    this.world.replace(seedState(options));
    this.faults.reset(faultRandom(options.seed));
    this.ledger.clear();
    this.mail.clear();
    this.api.reset();
  }

  close(): void {
    this.journal?.close();
  }
}

/** The transitions of all endpoint groups, and the one that executes a request late (`late_commit`). */
function transitionsOf(routes: RouteTable): Record<string, Transition> {
  const late: Transition = (world, { data }) => {
    try {
      handleRequest(routes, world, data as unknown as ProviderRequest);
    } catch (error) {
      if (!(error instanceof ProviderRefusal)) throw error; // a refusal is dropped: the connection has been closed long ago
    }
  };
  return Object.assign({ [LATE_REQUEST]: late }, ...ENDPOINT_GROUPS.map((family) => family.transitions ?? {})) as Record<
    string,
    Transition
  >;
}
