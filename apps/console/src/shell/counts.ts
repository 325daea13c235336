import { useQuery } from '@tanstack/react-query';
import { answered, api } from '../client/client';
import { usePollMs } from './live';
import { useSession } from './session';

const POLL_MS = 30_000;
const OPEN_SAGAS = 'pending,running,compensating';

/** The tenants that own something, as values of a filter. */
export function useTenantOptions(): readonly { readonly value: string; readonly label: string }[] {
  const { by_tenant: tenants = [] } = useSummary().data?.data ?? {};
  return tenants.flatMap(({ tenant_id: id }) => (id ? [{ value: id, label: id }] : []));
}

/** Numbers of resources by kind, owner and region, with the age of the data. The shell and the inbox read the same one. */
export function useSummary() {
  return useQuery({
    queryKey: ['inventory-summary'],
    queryFn: () => answered(api.GET('/api/v1/inventory/summary')),
    refetchInterval: usePollMs(POLL_MS),
  });
}

export function useOpenSagas() {
  return useQuery({
    queryKey: ['sagas', 'open'],
    queryFn: () => answered(api.GET('/api/v1/sagas', { params: { query: { status: OPEN_SAGAS, limit: 100 } } })),
    refetchInterval: usePollMs(POLL_MS),
  });
}

export function useDriftSummary() {
  const { isAdmin } = useSession();
  return useQuery({
    queryKey: ['drift-summary'],
    queryFn: () => answered(api.GET('/api/v1/drift/summary')),
    refetchInterval: usePollMs(POLL_MS),
    enabled: isAdmin,
  });
}
