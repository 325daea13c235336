import type { Transition, World } from '../world/world';
import { type Answer, badRequest } from './answer';

/** A request as endpoints receive it. `path` has no trailing slash; the last value of a repeated query parameter counts. */
export interface ProviderRequest {
  method: string;
  path: string;
  query: Record<string, string>;
  body: unknown;
  params: Record<string, string>;
  /** The bearer token as sent; only the finance service decodes it. */
  token: string;
  /** Time of the machine's clock, which also wrote the times in a token of the finance service. */
  receivedAtMs: number;
  /** Scheme and host of the links in responses. */
  baseUrl: string;
}

export interface Route {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** For example `/v2/droplets/:id`. Literal segments take precedence over parameters. */
  path: string;
  /** Returns the answer, or throws a `ProviderRefusal` before any change. It is synchronous: a request is one step of the world. */
  handle: (world: World, request: ProviderRequest) => Answer;
}

/** Endpoints of one subject, with the transitions that pending events of that subject trigger. */
export interface EndpointGroup {
  routes: Route[];
  transitions?: Record<string, Transition>;
}

/** Finds the route of a request among all endpoint groups. */
export class RouteTable {
  private readonly routes: { route: Route; segments: string[] }[];

  constructor(groups: readonly EndpointGroup[]) {
    const countParams = (route: Route): number => route.path.split(':').length;
    this.routes = groups
      .flatMap((group) => group.routes)
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

/** The JSON object in the body. Throws the provider's 400 for any other body. */
export function objectBody(request: ProviderRequest): Record<string, unknown> {
  const { body } = request;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw badRequest();
  return body as Record<string, unknown>;
}

/** A path parameter as a positive integer, or undefined, for which endpoints respond with 404. */
export function integerParam(request: ProviderRequest, name: string): number | undefined {
  const text = request.params[name] ?? '';
  return /^[1-9]\d{0,15}$/.test(text) ? Number(text) : undefined;
}
