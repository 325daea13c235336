import { useQuery } from '@tanstack/react-query';
import { answered, api } from '../../client/client';
import { everyPage } from '../../parts/list';
import type { Version } from './rate-model';

export function useCard(id: string) {
  return useQuery({
    queryKey: ['rate-cards', id],
    queryFn: () => answered(api.GET('/api/v1/rate-cards/{id}', { params: { path: { id } } })),
  });
}

/** The versions of a card, the newest first. */
export const versionsOf = (id: string) => ({
  queryKey: ['rate-cards', id, 'versions'],
  queryFn: () => everyPage((query) => answered(api.GET('/api/v1/rate-cards/{id}/versions', { params: { path: { id }, query } }))),
});

/** The month of today, as the API names it. */
export const thisMonth = (now = new Date()): string => now.toISOString().slice(0, 7);

/** Where a new version begins unless a person chooses another month: this month, or the month after the last published version. Pure. */
export function firstMonthOf(versions: readonly Version[], month = thisMonth()): string {
  const last = versions
    .flatMap(({ published_at: published, valid_from: from }) => (published === null ? [] : [from]))
    .toSorted()
    .at(-1);
  if (last === undefined || last < month) return month;
  const [year = 0, nr = 1] = last.split('-').map(Number);
  return new Date(Date.UTC(year, nr, 1)).toISOString().slice(0, 7);
}

/** The version that counts in a month: of the published ones that have begun, the latest. Pure. */
export const countingIn = (versions: readonly Version[], month: string): Version | undefined =>
  versions
    .filter(({ published_at: published, valid_from: from }) => published !== null && from <= month)
    .toSorted((a, b) => b.valid_from.localeCompare(a.valid_from))[0];
