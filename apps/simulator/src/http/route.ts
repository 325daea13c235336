import type { Transition, World } from '../world/world';
import { type Answer, badRequest } from './answer';

/** A request as the endpoints see it. `path` has no trailing slash; of a repeated query parameter the last one counts. */
export interface ProviderRequest {
  method: string;
  path: string;
  query: Record<string, string>;
  body: unknown;
  params: Record<string, string>;
  /** The bearer token as it was sent; only the finance service looks into it. */
  token: string;
  /** By the machine's clock, which also wrote the times in a token of the finance service. */
  receivedAtMs: number;
  /** Scheme and host for the links in the answer. */
  baseUrl: string;
}

export interface Route {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** `/v2/droplets/:id`; literal segments win over parameters. */
  path: string;
  /** Answers, or throws a `ProviderRefusal` before it has changed anything. Synchronous: a request is one step of the world. */
  handle: (world: World, request: ProviderRequest) => Answer;
}

/** A group of endpoints and what happens by itself in their part of the world. */
export interface EndpointGroup {
  routes: Route[];
  transitions?: Record<string, Transition>;
}

/** Finds the route of a request among all families. */
export class RouteTable {
  private readonly routes: { route: Route; segments: string[] }[];

  constructor(families: readonly EndpointGroup[]) {
    const countParams = (route: Route): number => route.path.split(':').length;
    this.routes = families
      .flatMap((family) => family.routes)
      .sort((one, other) => countParams(one) - countParams(other))
      .map((route) => ({ route, segments: route.path.split('/') }));
  }

  find(method: string, path: string): { route: Route; params: Record<string, string> } | undefined {
    const parts = path.split('/');
    for (const { route, segments } of this.routes) {
      if (route.method !== method || segments.length !== parts.length) continue;
      const params = matchSegments(segments, parts);
      if (params !== undefined) return { route, params };
    }
    return undefined;
  }
}

function matchSegments(segments: string[], parts: string[]): Record<string, string> | undefined {
  const params: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const part = parts[index] ?? '';
    if (segment.startsWith(':')) params[segment.slice(1)] = decodePart(part);
    else if (segment !== part) return undefined;
  }
  return params;
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The JSON object that was sent; anything else is the provider's 400. */
export function objectBody(request: ProviderRequest): Record<string, unknown> {
  const { body } = request;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw badRequest();
  return body as Record<string, unknown>;
}

/** A path parameter that must be a positive integer; undefined otherwise, which the endpoints answer with 404. */
export function integerParam(request: ProviderRequest, name: string): number | undefined {
  const text = request.params[name] ?? '';
  return /^[1-9]\d{0,15}$/.test(text) ? Number(text) : undefined;
}
