import { useQuery } from '@tanstack/react-query';
import { answered, api, type Schemas } from '../../client/client';

export type Pnl = Schemas['PnlResponse'];
export type PnlBy = 'tenant' | 'kind' | 'month';
export type Run = Schemas['BillingRunResponse'];

const WATCHED_MS = 1_500;
const POLL_MS = 15_000;

export const isOpenRun = (run: Run | undefined): boolean => run?.status === 'pending' || run?.status === 'running';

/** The latest ratings of a month, the newest first; watched closely while one runs. */
export function useRuns(period: string) {
  return useQuery({
    queryKey: ['billing-runs', period],
    queryFn: () => answered(api.GET('/api/v1/billing-runs', { params: { query: { period, limit: 20 } } })),
    refetchInterval: ({ state }) => (isOpenRun(state.data?.data[0]) ? WATCHED_MS : POLL_MS),
  });
}

/** The tenants of a rated month as they are now: their invoices change after the rating. */
export function useRatedMonth(period: string, runs: readonly Run[] | undefined) {
  const rated = runs?.find(({ status }) => status === 'completed');
  return useQuery({
    queryKey: ['billing-runs', period, 'tenants', rated?.id],
    queryFn: () => answered(api.GET('/api/v1/billing-runs/{id}', { params: { path: { id: rated?.id ?? '' } } })),
    enabled: rated !== undefined,
    refetchInterval: POLL_MS,
  });
}

/** Profit and loss of a month, asked for as soon as there is a completed rating of it. */
export function usePnl(period: string, by: PnlBy, runs: readonly Run[] | undefined) {
  const rated = runs?.find(({ status }) => status === 'completed');
  return useQuery({
    queryKey: ['pnl', period, by, rated?.id],
    queryFn: () => answered(api.GET('/api/v1/pnl', { params: { query: { period, group_by: by } } })),
    enabled: rated !== undefined,
    refetchInterval: POLL_MS,
  });
}
