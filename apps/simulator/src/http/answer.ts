/** Rendered items `from` to `to` (excluded) of a list, asked for page by page: nothing else is rendered. */
export interface ListSource {
  total: number;
  slice: (from: number, to: number) => unknown[];
}

/** What an endpoint answers. Lists stay lazy until they are sent, so that faults can shift and hide items consistently. */
export type Answer =
  | { kind: 'json'; status: number; body: unknown; headers?: Record<string, string> }
  | { kind: 'list'; key: string; source: ListSource; paged: boolean; beside?: Record<string, unknown> }
  | { kind: 'text'; status: number; type: string; body: string; headers?: Record<string, string> }
  | { kind: 'empty'; status: 204 };

export const ok = (body: unknown, status = 200): Answer => ({ kind: 'json', status, body });

export const noContent: Answer = { kind: 'empty', status: 204 };

/** A collection under `key`; `paged: false` for the few endpoints that always answer everything; `beside`: what stands next to it. */
export const list = (
  key: string,
  source: ListSource,
  { paged = true, beside }: { paged?: boolean; beside?: Record<string, unknown> } = {},
): Answer => ({ kind: 'list', key, source, paged, beside });

/** A list that is short enough to be at hand as a whole. */
export function sourceOf<T>(items: readonly T[], render: (item: T) => unknown): ListSource {
  return { total: items.length, slice: (from, to) => items.slice(from, to).map(render) };
}
