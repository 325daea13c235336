import { rfc3339 } from '#libs/database';

/** A resource as the API returns it. */
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

/** A row in PostgreSQL's text format. */
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
 * Writes a row as the JSON of a `ResourceView` by hand: parsing the texts of a long list and serialising them again took twice as long.
 * A sweep does not rewrite an unchanged row, so an active row without strikes that was known when its kind's last complete sweep began
 * (`sweptAt`, RFC 3339) counts as seen by that sweep.
 */
export function resourceJson(row: ResourceRow, sweptAt: string | null): string {
  const firstSeen = rfc3339(row.first_seen_at);
  const lastSeen = rfc3339(row.last_seen_at);
  const seenBySweep =
    sweptAt !== null && row.deleted_at === null && row.stale_strike_count === '0' && firstSeen < sweptAt && lastSeen < sweptAt;
  const deletedAt = row.deleted_at === null ? 'null' : `"${rfc3339(row.deleted_at)}"`;
  return (
    `{"id":"${row.id}","provider":${json(row.provider)},"kind":${json(row.kind)},"provider_id":${json(row.provider_id)},"urn":${json(row.urn)},` +
    `"name":${json(row.name)},"region":${json(row.region)},"status":${json(row.status)},"size_slug":${json(row.size_slug)},` +
    `"tenant_id":${json(row.tenant_id)},"project_id":${json(row.project_id)},` +
    `"attribution":{"by":${json(row.attributed_by)},"ref":${json(row.attributed_ref)}},"attrs":${row.attrs},` +
    `"first_seen_at":"${firstSeen}","last_seen_at":"${seenBySweep ? sweptAt : lastSeen}",` +
    `"stale_strike_count":${row.stale_strike_count},"deleted_at":${deletedAt}}`
  );
}

export function resourceView(row: ResourceRow, sweptAt: string | null): ResourceView {
  return JSON.parse(resourceJson(row, sweptAt)) as ResourceView;
}

function json(text: string | null): string {
  return text === null ? 'null' : JSON.stringify(text);
}
