import type { ProviderRequest } from './route';

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
  | { kind: 'empty'; status: 202 | 204 };

export const ok = (body: unknown, status = 200): Answer => ({ kind: 'json', status, body });

export const noContent: Answer = { kind: 'empty', status: 204 };
/** A change that takes effect later. */
export const accepted: Answer = { kind: 'empty', status: 202 };

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
