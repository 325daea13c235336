/** Filters of the inventory. A resource must match all given ones. */
export interface ResourceFilters {
  readonly kind?: string;
  /** `deleted` lists tombstones, which every other status excludes. */
  readonly status?: string;
  readonly region?: string;
  readonly project_id?: string;
  readonly tenant_id?: string;
  /** Part of the name, of the provider's id or of an address, in any letter case. */
  readonly q?: string;
  /** Only resources without a tenant. */
  readonly unattributed?: true;
  /** RFC 3339: only resources that changed at or after this time. */
  readonly updated_since?: string;
}

const CONDITIONS: Record<keyof ResourceFilters, (place: string) => string> = {
  kind: (place) => `kind = ${place}`,
  status: (place) => `status = ${place}`,
  region: (place) => `region = ${place}`,
  project_id: (place) => `cloud_project_id = ${place}::uuid`,
  tenant_id: (place) => `tenant_id = ${place}`,
  unattributed: (place) => `(tenant_id is null) = ${place}`,
  q: (place) =>
    `(name ilike ${place} or provider_id ilike ${place} or attrs ->> 'ip' ilike ${place} or (attrs -> 'networks')::text ilike ${place})`,
  updated_since: (place) => `changed_at >= ${place}::timestamptz`,
};

/** The filters as SQL with parameters from `$<from>` on. Equal sets of filters give equal texts, so that statements can be prepared. */
export function filterSql(filters: ResourceFilters, from: number): { conditions: string[]; values: unknown[]; name: string } {
  const given = (Object.keys(CONDITIONS) as (keyof ResourceFilters)[]).filter((key) => filters[key] !== undefined);
  const conditions = given.map((key, index) => CONDITIONS[key](`$${from + index}`));
  const tombstones = filters.status === 'deleted';
  return {
    conditions: [tombstones ? 'deleted_at is not null' : 'deleted_at is null', ...conditions],
    values: given.map((key) => (key === 'q' ? `%${escapeLike(filters.q ?? '')}%` : filters[key])),
    name: [...given, tombstones ? 'dead' : 'live'].join('_'),
  };
}

function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, (sign) => `\\${sign}`);
}
