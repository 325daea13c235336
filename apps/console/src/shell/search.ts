/** Filters of a list as they stand in the address: plain words by name, so that an address can be read, shared and bookmarked. */
export type Filters = Readonly<Record<string, string | undefined>>;

export function parseFilters(text: string): Filters {
  return Object.fromEntries([...new URLSearchParams(text)].filter(([, value]) => value !== ''));
}

export function filtersText(filters: Filters): string {
  const pairs = Object.entries(filters).flatMap(([name, value]) => (value ? [[name, value]] : []));
  const text = new URLSearchParams(pairs).toString();
  return text === '' ? '' : `?${text}`;
}

export const anyFilters = (search: Record<string, unknown>): Filters => search as Filters;
