import type { ListSource } from './answer';
import type { ProviderRequest } from './route';

const DEFAULT_PER_PAGE = 20;
const MAX_PER_PAGE = 200;

/** The page that a request asks for: 1-based, at most 200 items; nonsense counts as not given. */
export function pageOf(query: Record<string, string>): { page: number; perPage: number } {
  const positive = (text: string | undefined): number | undefined =>
    text !== undefined && /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined;
  return { page: positive(query.page) ?? 1, perPage: Math.min(positive(query.per_page) ?? DEFAULT_PER_PAGE, MAX_PER_PAGE) };
}

/** The list envelope: items, `links.pages` (absent when everything fits) and `meta.total`. */
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
