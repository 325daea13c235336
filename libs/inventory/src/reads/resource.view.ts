import { rfc3339 } from '#libs/database';

/** A resource as the API shows it. */
export interface ResourceView {
  readonly id: string;
  readonly provider: string;
  readonly kind: string;
  readonly provider_id: string;
  readonly urn: string;
  readonly name: string | null;
  readonly region: string | null;
  readonly status: string;
  readonly size_slug: string | null;
  readonly tenant_id: string | null;
  readonly project_id: string | null;
  readonly attribution: { readonly by: 'override' | 'project' | 'parent' | 'fallback'; readonly ref: string | null };
  readonly attrs: Record<string, unknown>;
  readonly first_seen_at: string;
  readonly last_seen_at: string;
  readonly stale_strike_count: number;
  readonly deleted_at: string | null;
}

/** A row as PostgreSQL writes it. */
export type ResourceRow = Readonly<Record<Given, string> & Record<Possible, string | null>>;
type Given =
  | 'id'
  | 'provider'
  | 'kind'
  | 'provider_id'
  | 'urn'
  | 'status'
  | 'attributed_by'
  | 'attrs'
  | 'first_seen_at'
  | 'last_seen_at'
  | 'stale_strike_count';
type Possible = 'name' | 'region' | 'size_slug' | 'tenant_id' | 'project_id' | 'attributed_ref' | 'deleted_at';

/** The columns of a `ResourceRow`. */
export const RESOURCE_COLUMNS = `id, provider, kind, provider_id, urn, name, region, status, size_slug, tenant_id, cloud_project_id as project_id,
  attributed_by, attributed_ref, attrs, first_seen_at, last_seen_at, stale_strike_count, deleted_at`;

/**
 * An unchanged row is not rewritten by a sweep, so an active row without strikes that was known when its kind's last complete
 * sweep began (RFC 3339) counts as seen by that sweep.
 */
export function resourceView(row: ResourceRow, sweptAt: string | null): ResourceView {
  const first_seen_at = rfc3339(row.first_seen_at);
  const last_seen_at = rfc3339(row.last_seen_at);
  const deleted_at = row.deleted_at && rfc3339(row.deleted_at);
  const stale_strike_count = Number(row.stale_strike_count);
  const seenBySweep =
    sweptAt !== null && deleted_at === null && stale_strike_count === 0 && first_seen_at < sweptAt && last_seen_at < sweptAt;
  // Field by field: rest and spread of rows were an eighth of the time of a list.
  return {
    id: row.id,
    provider: row.provider,
    kind: row.kind,
    provider_id: row.provider_id,
    urn: row.urn,
    name: row.name,
    region: row.region,
    status: row.status,
    size_slug: row.size_slug,
    tenant_id: row.tenant_id,
    project_id: row.project_id,
    attribution: { by: row.attributed_by as ResourceView['attribution']['by'], ref: row.attributed_ref },
    attrs: JSON.parse(row.attrs) as ResourceView['attrs'],
    first_seen_at,
    last_seen_at: seenBySweep ? sweptAt : last_seen_at,
    stale_strike_count,
    deleted_at,
  };
}
