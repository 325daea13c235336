import { useSyncExternalStore } from 'react';
import { filtersText, type Filters } from './search';

/** The filters of a list under a name, in this browser only. The address stays the state: a view is a named address. */
export interface SavedView {
  readonly path: string;
  readonly name: string;
  readonly search: Filters;
}

const KEY = 'arcadia.views';
const MOST_VIEWS = 50;
const listeners = new Set<() => void>();
let views = stored();

function stored(): readonly SavedView[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(found)
      ? (found as SavedView[]).filter(({ path, name, search }) => path && name && typeof search === 'object')
      : [];
  } catch {
    return []; // written by hand, or by an older release
  }
}

function keep(next: readonly SavedView[]): void {
  views = next;
  localStorage.setItem(KEY, JSON.stringify(next));
  for (const listener of listeners) listener();
}

const isNamed = (path: string, name: string) => (view: SavedView) => view.path === path && view.name === name;

/** A view of the same page and name is replaced. The oldest leave when there are too many. */
export function saveView(view: SavedView): void {
  const others = views.filter((one) => !isNamed(view.path, view.name)(one));
  keep([...others, view].slice(-MOST_VIEWS));
}

export function deleteView({ path, name }: SavedView): void {
  keep(views.filter((one) => !isNamed(path, name)(one)));
}

export const sameFilters = (a: Filters, b: Filters): boolean => sorted(a) === sorted(b);
const sorted = (filters: Filters): string =>
  filtersText(Object.fromEntries(Object.entries(filters).sort(([a], [b]) => a.localeCompare(b))));

/** Every view of this browser, in the order of their making. */
export function useSavedViews(): readonly SavedView[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => views,
  );
}
