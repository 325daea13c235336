import { useQuery } from '@tanstack/react-query';
import { answered, api, type Schemas } from '../../client/client';
import { everyPage } from '../../parts/list';

export type Size = Schemas['SizeResponse'];

/** The catalog moves once a day. */
const FRESH_MS = 300_000;

/** The sizes, cheapest first. */
export const useSizes = () =>
  useQuery({
    queryKey: ['catalog', 'sizes'],
    queryFn: () => everyPage((query) => answered(api.GET('/api/v1/catalog/sizes', { params: { query: { sort: 'price', ...query } } }))),
    select: ({ data }) => data,
    staleTime: FRESH_MS,
  });

export const useRegions = () =>
  useQuery({
    queryKey: ['catalog', 'regions'],
    queryFn: () => everyPage((query) => answered(api.GET('/api/v1/catalog/regions', { params: { query } }))),
    select: ({ data }) => data,
    staleTime: FRESH_MS,
  });

export const useImages = () =>
  useQuery({
    queryKey: ['catalog', 'images'],
    queryFn: () => everyPage((query) => answered(api.GET('/api/v1/catalog/images', { params: { query } }))),
    select: ({ data }) => data,
    staleTime: FRESH_MS,
  });
