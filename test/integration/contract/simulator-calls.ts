import type { RunningSimulator } from '../../../apps/simulator/src';
import { ENDPOINT_GROUPS } from '../../../apps/simulator/src/endpoints/endpoints';
import { type EndpointGroup, type Route, RouteTable } from '../../../apps/simulator/src/http/route';
import { loadOpenApiDocument } from './openapi-document';

const document = loadOpenApiDocument();

/** The keys that the specs read from responses. Each endpoint returns some of them. */
export interface Body {
  id: string;
  project: { id: string };
  projects: { id: string }[];
  droplet: { id: number };
  droplets: { id: number }[];
  action: { id: number };
  actions: unknown[];
  resources: { status: string }[];
  [key: string]: unknown;
}

export interface Checked {
  status: number;
  body: Body;
  /** The raw response text, because documents (CSV, PDF) are not JSON. */
  text: string;
  headers: Headers;
}

const routes = new RouteTable(ENDPOINT_GROUPS);
const driven = new Set<Route>();

/** Returns the endpoints of these groups that no checked call has reached yet. */
export function undriven(groups: readonly EndpointGroup[]): string[] {
  const missing = groups.flatMap((group) => group.routes).filter((route) => !driven.has(route));
  return missing.map(({ method, path }) => `${method} ${path}`);
}

const rateHeaders = ['ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset'];

/** Calls the simulator and validates request and response against the document. `refused` marks a deliberately wrong request. */
export function checkedCalls(simulator: () => RunningSimulator) {
  return async (
    method: string,
    path: string,
    options: { body?: unknown; refused?: boolean; token?: string; dangerous?: boolean } = {},
  ): Promise<Checked> => {
    const { body, refused = false, token = simulator().token, dangerous } = options;
    const url = new URL(`${simulator().url}${path}`);
    const response = await fetch(url, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(dangerous && { 'x-dangerous': 'true' }) },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
    const answer = text === '' || !isJson ? undefined : (JSON.parse(text) as unknown);
    const where = `${method} ${path} -> ${response.status}`;
    if (!refused)
      expect({ where, problems: document?.validateRequest(method, url.pathname, Object.fromEntries(url.searchParams), body) }).toEqual({
        where,
        problems: [],
      });
    expect({ where, problems: document?.validateResponse(method, url.pathname, response.status, answer) }).toEqual({ where, problems: [] });
    for (const name of rateHeaders) expect(response.headers.get(name)).toMatch(/^\d+$/);
    expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    const route = routes.find(method, url.pathname)?.route;
    if (route !== undefined && response.ok) driven.add(route);
    return { status: response.status, body: answer as Body, text, headers: response.headers };
  };
}
