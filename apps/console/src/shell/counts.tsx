import { useQuery } from '@tanstack/react-query';
import { answered, api } from '../client/client';
import { everyPage } from '../parts/list';
import { usePollMs } from './live';
import { useSession } from './session';

const POLL_MS = 30_000;
/** An event of a tenant makes the list old at once. */
const TENANTS_STALE_MS = 60_000;
const OPEN_SAGAS = 'pending,running,compensating';

/** Every registered tenant, also one that owns nothing yet. For platform admins; others get none. */
function useTenants() {
  const { isAdmin } = useSession();
  return useQuery({
    queryKey: ['tenants', 'choice'],
    queryFn: () => everyPage((query) => answered(api.GET('/api/v1/tenants', { params: { query } }))),
    enabled: isAdmin,
    staleTime: TENANTS_STALE_MS,
  });
}

interface TenantOption {
  readonly value: string;
  readonly label: string;
}

/** All tenants as choices: the id, and the name where it is another word. */
export function useTenantOptions(): readonly TenantOption[] {
  const { data } = useTenants();
  return (data?.data ?? [])
    .map(({ id, name }) => ({ value: id, label: name === id ? id : `${id} · ${name}` }))
    .sort((a, b) => a.value.localeCompare(b.value));
}

/** The id of a tenant with its name beside it, as a cell of a table. */
export function TenantName({ id }: { readonly id: string }) {
  const name = useTenants().data?.data.find((tenant) => tenant.id === id)?.name ?? id;
  return (
    <span className="nm" title={name === id ? id : `${id} · ${name}`}>
      <b style={{ fontWeight: 550 }}>{id}</b>
      {name !== id && <span className="dim trunc">{name}</span>}
    </span>
  );
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
