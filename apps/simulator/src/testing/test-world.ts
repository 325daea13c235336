import { setTimeout as sleep } from 'node:timers/promises';
import { startSimulator, type RunningSimulator, type SimulatorOptions } from '../start-simulator';
import { SimulatorControl } from './simulator-control';

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

/** The keys that specs read from answers; which of them an answer has depends on the endpoint. */
export interface Body {
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

/** A simulator of its own for a spec, a client of its API and its control. */
export interface TestWorld {
  simulator: RunningSimulator;
  control: SimulatorControl;
  call: (method: string, path: string, body?: unknown, token?: string) => Promise<Answer>;
  close: () => Promise<void>;
}

export async function newTestWorld(options: SimulatorOptions = {}): Promise<TestWorld> {
  const simulator = await startSimulator(options);
  const control = new SimulatorControl(simulator.url);
  return { simulator, control, call: clientOf(simulator.url, simulator.token), close: () => simulator.close() };
}

/** A client that answers every status and rejects only when the connection breaks. */
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

/** Resolves when a condition holds; rejects after ten seconds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('The condition never held');
    await sleep(5);
  }
}

function parse(text: string): Body {
  try {
    return JSON.parse(text) as Body;
  } catch {
    return {} as Body;
  }
}
