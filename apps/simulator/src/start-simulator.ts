import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { controlRoutes } from './control/control.routes';
import { FolderLock } from './journal/folder-lock';
import { Simulation } from './simulation';

export interface SimulatorOptions {
  /** 0 (default here): any free port. */
  port?: number;
  host?: string;
  /** The bearer token that is accepted. */
  token?: string;
  seed?: number;
  scale?: number;
  /** State lives in `<dataDir>/simulator` and survives kill -9; without it, in memory only. */
  dataDir?: string;
  empty?: boolean;
}

export interface RunningSimulator {
  /** Base URL, without a trailing slash. */
  url: string;
  token: string;
  /** Breaks what is still open and frees the port. */
  close: () => Promise<void>;
}

export const DEFAULT_TOKEN = 'dop_v1_simulator';
const MAX_BODY = '1mb';
/** An invoice of many lines. */
const MAX_FINANCE_BODY = '200mb';

/** Starts a simulated DigitalOcean. Rejects when the port or the folder is taken, before it has touched any stored state. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<RunningSimulator> {
  const { port = 0, host = '127.0.0.1', token = DEFAULT_TOKEN, seed = 1, scale = 1, empty = false, dataDir } = options;
  const server = createServer();
  server.listen(port, host);
  await once(server, 'listening');
  const folder = dataDir === undefined ? undefined : join(dataDir, 'simulator');
  let lock: FolderLock | undefined;
  try {
    lock = folder === undefined ? undefined : await FolderLock.take(folder);
    const simulation = new Simulation({ seed, scale, empty, token }, folder);
    server.on('request', simulatorApp(simulation));
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
    req.body = undefined; // what cannot be read counts as no body: the endpoint refuses it with 400
    next();
  });
  app.use(simulation.api.handle);
  return app;
}

async function closeAll(server: Server, simulation: Simulation, lock: FolderLock | undefined): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
  simulation.close();
  lock?.release();
}
