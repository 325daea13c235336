import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type RunningSimulator, type SimulatorOptions, startSimulator } from '../../apps/simulator/src/start-simulator';
import { SimulatorClient } from './simulator-client';

interface Droplet {
  id: number;
  name: string;
  status: string;
  size_slug: string;
  disk: number;
  tags: string[];
  features: string[];
  snapshot_ids: number[];
  networks: { v4: { type: string; ip_address: string }[] };
}

interface Action {
  id: number;
  status: string;
  type: string;
  completed_at: string | null;
}

interface Project {
  id: string;
  name: string;
  description: string;
  is_default: boolean;
  owner_uuid: string;
}

/** The keys that specs read from responses; each endpoint sets some of them. */
interface Body {
  id: string;
  message: string;
  account: { uuid: string; team: { uuid: string } };
  droplet: Droplet;
  droplets: Droplet[];
  action: Action;
  actions: Action[];
  project: Project;
  projects: Project[];
  resources: { urn: string; status: string }[];
  tag: { name: string; resources: { count: number } };
  snapshots: { id: number; name: string }[];
  images: { id: number; name: string; type: string; slug: string | null }[];
  meta: { total: number };
  domain_record: { id: number; name: string; type: string; data: string; ttl: number };
  domain_records: Body['domain_record'][];
  links: { actions: { id: number; href: string }[]; pages?: { first?: string; prev?: string; next?: string; last?: string } };
}

export interface Answer {
  status: number;
  body: Body;
  text: string;
  headers: Headers;
}

/** A simulator for one spec, with a client of its API and of its control API. */
export interface TestWorld {
  simulator: RunningSimulator;
  control: SimulatorClient;
  call: (method: string, path: string, body?: unknown, token?: string) => Promise<Answer>;
  close: () => Promise<void>;
}

export async function newTestWorld(options: SimulatorOptions = {}): Promise<TestWorld> {
  const simulator = await startSimulator(options);
  const control = new SimulatorClient(simulator.url);
  return { simulator, control, call: clientOf(simulator.url, simulator.token), close: () => simulator.close() };
}

/** A client that returns a response of any status and rejects only when the connection breaks. */
export function clientOf(url: string, defaultToken: string): TestWorld['call'] {
  return async (method, path, body, token = defaultToken) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: token === '' ? {} : { authorization: `Bearer ${token}` },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, body: parse(text), text, headers: response.headers };
  };
}

function parse(text: string): Body {
  try {
    return JSON.parse(text) as Body;
  } catch {
    return {} as Body;
  }
}

const MAIN = resolve(__dirname, '../../dist/apps/simulator/src/main.js');

/** The simulator as a separate process from `dist`, as in a deployment. `npm test` builds it first. */
interface SimulatorProcess {
  child: ChildProcess;
  /** Rejects with the text of stderr when the process ends before it listens. */
  listening: Promise<string>;
  /** The exit code, or the signal that ended the process. */
  ended: Promise<number | string>;
}

export function spawnSimulator(env: Record<string, string>): SimulatorProcess {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: run npm run build first`);
  const child = fork(MAIN, { env: { PATH: process.env.PATH, SIMULATOR_PORT: '0', ...env }, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  let output = '';
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const drained = child.stderr === null ? undefined : once(child.stderr, 'close');
  const ended = once(child, 'exit').then(async ([code, signal]) => {
    await drained;
    return (code ?? signal) as number | string;
  });
  const listening = new Promise<string>((resolveUrl, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('\n')) resolveUrl((JSON.parse(output) as { url: string }).url);
    });
    void ended.then(() => reject(new Error(errors)));
  });
  listening.catch(() => undefined);
  return { child, listening, ended };
}
