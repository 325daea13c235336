import type { Transition, World } from '../world/world';

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
  /** The header `x-dangerous: true`, which a deletion of more than the named object needs. */
  isConfirmed: boolean;
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

/** A list that renders items `from` to `to` (exclusive) on demand, so that a page costs its own items only. */
export interface ListSource {
  total: number;
  slice: (from: number, to: number) => unknown[];
}

/** The result of an endpoint. Lists stay lazy until they are sent, so that faults can shift and hide items consistently. */
export type Answer =
  | { kind: 'json'; status: number; body: unknown; headers?: Record<string, string> }
  | { kind: 'list'; key: string; source: ListSource; paged: boolean; beside?: Record<string, unknown> }
  | { kind: 'text'; status: number; type: string; body: string; headers?: Record<string, string> }
  | { kind: 'empty'; status: 200 | 202 | 204 };

export const ok = (body: unknown, status = 200): Answer => ({ kind: 'json', status, body });

export const noContent: Answer = { kind: 'empty', status: 204 };
/** A change that takes effect later. */
export const accepted: Answer = { kind: 'empty', status: 202 };
/** A success without a body that is no 204, as a few operations have it. */
export const done: Answer = { kind: 'empty', status: 200 };

/** A list under `key`. `paged: false` is for the few endpoints that always return all items; `beside` adds keys next to the list. */
export const list = (
  key: string,
  source: ListSource,
  { paged = true, beside }: { paged?: boolean; beside?: Record<string, unknown> } = {},
): Answer => ({ kind: 'list', key, source, paged, beside });

/** A source over a list that is in memory as a whole. */
export function sourceOf<T>(items: readonly T[], render: (item: T) => unknown): ListSource {
  return { total: items.length, slice: (from, to) => items.slice(from, to).map(render) };
}

const DEFAULT_PER_PAGE = 20;
const MAX_PER_PAGE = 200;

/** The requested page: 1-based, at most 200 items. An invalid value counts as not given. */
export function pageOf(query: Record<string, string>): { page: number; perPage: number } {
  const positive = (text: string | undefined): number | undefined =>
    text !== undefined && /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined;
  return { page: positive(query.page) ?? 1, perPage: Math.min(positive(query.per_page) ?? DEFAULT_PER_PAGE, MAX_PER_PAGE) };
}

/** The list envelope: items, `links.pages` (absent when all items fit on one page) and `meta.total`. */
export function pageBody(key: string, source: ListSource, paged: boolean, request: ProviderRequest): Record<string, unknown> {
  const { page, perPage } = pageOf(request.query);
  if (!paged) return { [key]: source.slice(0, source.total), links: {}, meta: { total: source.total } };
  const items = source.slice((page - 1) * perPage, page * perPage);
  return { [key]: items, links: pageLinks(request, page, Math.max(1, Math.ceil(source.total / perPage))), meta: { total: source.total } };
}

function pageLinks(request: ProviderRequest, page: number, lastPage: number): Record<string, unknown> {
  const url = (number: number): string => {
    const query = new URLSearchParams({ ...request.query, page: String(number) });
    return `${request.baseUrl}${request.path}?${query.toString()}`;
  };
  const pages = {
    ...(page > 1 && { first: url(1), prev: url(page - 1) }),
    ...(page < lastPage && { next: url(page + 1), last: url(lastPage) }),
  };
  return Object.keys(pages).length === 0 ? {} : { pages };
}

/** The provider's error ids with their HTTP status: the two values that a client decides by. */
export const REFUSALS = {
  bad_request: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  precondition_failed: 412,
  unprocessable_entity: 422,
  too_many_requests: 429,
  server_error: 500,
  service_unavailable: 503,
} as const;

export type RefusalId = keyof typeof REFUSALS;

/** A refused request. The provider's response has the body `{id, message, request_id}`. */
export class ProviderRefusal extends Error {
  readonly status: number;

  constructor(
    readonly id: RefusalId,
    message: string,
    /** Replaces the usual body, for endpoints with an error format of their own. */
    readonly body?: Record<string, unknown>,
  ) {
    super(message);
    this.status = REFUSALS[id];
  }
}

export const notFound = (): ProviderRefusal => new ProviderRefusal('not_found', 'The resource you were accessing could not be found.');

export const pendingEvent = (): ProviderRefusal => new ProviderRefusal('unprocessable_entity', 'Droplet already has a pending event.');

export const unprocessable = (message: string): ProviderRefusal => new ProviderRefusal('unprocessable_entity', message);

export const badRequest = (message = 'error parsing request body'): ProviderRefusal => new ProviderRefusal('bad_request', message);

/** A wrong request to the control API: its response is 400 with the message. */
export class ControlError extends Error {}
