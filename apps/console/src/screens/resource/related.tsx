import { useQueries, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { answered, api, type Resource, type Schemas } from '../../client/client';
import { TEXTS } from './texts';

const MOST_RELATED = 100;

/** What belongs to a resource, and what it belongs to. A zone has a page of its own for its records. */
export function useRelated(id: string, kinds?: string) {
  return useQuery({
    queryKey: ['inventory', 'related', id, kinds],
    queryFn: () =>
      answered(
        api.GET('/api/v1/inventory', {
          params: { query: { related_to: id, sort: 'kind', limit: MOST_RELATED, ...(kinds && { kind: kinds }) } as never },
        }),
      ),
  });
}

/** The resources of a kind by the ids that the provider has for them. One that is not known, or of another tenant, is left out. */
export function useByProviderId(kind: string, providerIds: readonly string[]): ReadonlyMap<string, Resource> {
  return useQueries({
    queries: providerIds.map((id) => ({
      queryKey: ['inventory', 'by-provider-id', kind, id],
      queryFn: () => answered(api.GET('/api/v1/inventory', { params: { query: { kind, provider_id: id, limit: 1 } as never } })),
      staleTime: 60_000,
    })),
    combine: (results) =>
      new Map(results.flatMap(({ data }) => (data?.data ?? []).map((resource: Resource) => [resource.provider_id, resource] as const))),
  });
}

interface AllRelatedProps {
  readonly answer: Schemas['ResourceListResponse'] | undefined;
  readonly id: string;
  readonly kinds?: string | undefined;
}

/** Below the first related resources, where there are more: the way to all of them. */
export function AllRelated({ answer, id, kinds }: AllRelatedProps) {
  if (!answer || answer.page.next_cursor === null) return null;
  return (
    <p className="pad">
      <Link to="/inventory" search={{ related_to: id, ...(kinds && { kind: kinds }) }}>
        {TEXTS.relations.all}
      </Link>
    </p>
  );
}
