import { useQuery } from '@tanstack/react-query';
import { answered, api, type Schemas } from '../../client/client';

export type Size = Schemas['SizeResponse'];

const MOST = 200;
/** The catalog moves once a day. */
const FRESH_MS = 300_000;

/** Every page of a list of the catalog, which is short. */
async function whole<Row>(
  read: (cursor: string | undefined) => Promise<{ readonly data: readonly Row[]; readonly page: { readonly next_cursor: string | null } }>,
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  let cursor: string | undefined;
  do {
    const { data, page } = await read(cursor);
    rows.push(...data);
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
  return rows;
}

/** The sizes, cheapest first. */
export const useSizes = () =>
  useQuery({
    queryKey: ['catalog', 'sizes'],
    queryFn: () =>
      whole((cursor) =>
        answered(api.GET('/api/v1/catalog/sizes', { params: { query: { sort: 'price', limit: MOST, ...(cursor && { cursor }) } } })),
      ),
    staleTime: FRESH_MS,
  });

export const useRegions = () =>
  useQuery({
    queryKey: ['catalog', 'regions'],
    queryFn: () =>
      whole((cursor) => answered(api.GET('/api/v1/catalog/regions', { params: { query: { limit: MOST, ...(cursor && { cursor }) } } }))),
    staleTime: FRESH_MS,
  });

export const useImages = () =>
  useQuery({
    queryKey: ['catalog', 'images'],
    queryFn: () =>
      whole((cursor) => answered(api.GET('/api/v1/catalog/images', { params: { query: { limit: MOST, ...(cursor && { cursor }) } } }))),
    staleTime: FRESH_MS,
  });
