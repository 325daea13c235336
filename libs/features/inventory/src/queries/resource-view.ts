import type { ListPrice, Unpriced } from '#libs/catalog';
import { Database, type Queryable } from '#libs/database';
import type { Scope } from '#libs/identity';
import { Injectable } from '@nestjs/common';
import type { Resource } from '../entities/resource.entity';
import { columnsOf, viewOf, type TextRow, type View } from '../view-of';
import type { WithBilled } from './billed-columns';

/** The fields of a resource that the API returns under the names of their columns, in its order: before and after the attribution. */
const BEFORE_ATTRIBUTION = ['id', 'provider', 'kind', 'providerId', 'urn', 'name', 'region', 'status', 'sizeSlug', 'tenantId'] as const;
const AFTER_ATTRIBUTION = ['attrs', 'firstSeenAt', 'lastSeenAt', 'staleStrikeCount', 'deletedAt'] as const;
const FIELDS = [...BEFORE_ATTRIBUTION, 'cloudProjectId', 'attributedBy', 'attributedRef', ...AFTER_ATTRIBUTION, 'protectedBy'] as const;

/** A resource that complete sweeps no longer list, but that is not proven to be deleted. */
export interface MissingProof {
  /** Complete sweeps in a row that did not list it. */
  readonly strikes: number;
  /** Strikes after which it is deleted, once the provider returns 404 for it. */
  readonly of: number;
  /** The time as of which it was listed last, RFC 3339. */
  readonly since: string;
}

/** A resource as the API returns it. */
export interface ResourceView extends View<Resource, (typeof BEFORE_ATTRIBUTION | typeof AFTER_ATTRIBUTION)[number]> {
  readonly project_id: Resource['cloudProjectId'];
  /** Only where names were asked for. Null without a project, and for a project that the caller may not read. */
  readonly project_name?: string | null;
  readonly attribution: {
    readonly by: Resource['attributedBy'];
    readonly ref: Resource['attributedRef'];
    /** Only where names were asked for: the name of the project, parent or user in `ref`, or to admins the reason of the rule. */
    readonly ref_name?: string | null;
  };
  /** Null for a resource without strikes, and for a tombstone. */
  readonly missing: MissingProof | null;
  /** Nothing destroys or overwrites the resource until its protection is lifted. */
  readonly protected: boolean;
  readonly protected_by: Resource['protectedBy'];
  /** In lists, and where one resource is read. Null for a tombstone. */
  readonly price?: ListPrice | Unpriced | null;
}

/** The names of what a resource refers to. */
export interface ReferredNames {
  readonly project: string | null;
  readonly ref: string | null;
}

/** The fields of a row that refer to something with a name. */
interface Referring {
  readonly id: string;
  readonly cloud_project_id: string | null;
  readonly attributed_by: string;
  readonly attributed_ref: string | null;
}

/** Reads names beside ids, in the scope of the caller: a tenant gets the names of its own resources and projects only. [TEN-4] */
@Injectable()
export class ResourceNames {
  constructor(private readonly database: Database) {}

  /** The names of resources, by id. A resource without a name, or out of scope, has no entry. */
  async ofResources(scope: Scope, ids: readonly string[]): Promise<Map<string, string>> {
    return ids.length === 0 ? new Map() : this.inScope(scope, (on, tenantId) => namesIn(on, 'cloud_resources', ids, tenantId));
  }

  /** What the rows refer to, by the id of the row. */
  async ofRows(scope: Scope, rows: readonly Referring[]): Promise<Map<string, ReferredNames>> {
    const refsBy = (...reasons: readonly string[]) =>
      rows.flatMap((row) => (reasons.includes(row.attributed_by) && row.attributed_ref ? [row.attributed_ref] : []));
    const parents = refsBy('parent', 'members');
    const projects = [...rows.flatMap((row) => row.cloud_project_id ?? []), ...refsBy('project')];
    const rules = scope.kind === 'tenant' ? [] : refsBy('rule'); // a rule may name other tenants
    const [resourceNames, projectNames, ruleNames] = await this.inScope(scope, async (on, tenantId) => [
      await namesIn(on, 'cloud_resources', parents, tenantId),
      await namesIn(on, 'cloud_projects', projects, tenantId),
      rules.length === 0 ? new Map<string, string>() : await reasonsOf(on, rules),
    ]);
    return new Map(
      rows.map((row) => {
        const names = { project: projectNames, rule: ruleNames }[row.attributed_by] ?? resourceNames;
        const find = (id: string | null, of: ReadonlyMap<string, string> | undefined) => of?.get(id ?? '') ?? null;
        return [row.id, { project: find(row.cloud_project_id, projectNames), ref: find(row.attributed_ref, names) }];
      }),
    );
  }

  private inScope<T>(scope: Scope, work: (on: Queryable, tenantId?: string) => Promise<T>): Promise<T> {
    if (scope.kind === 'platform') return work(this.database);
    return this.database.asTenant(scope.tenantId, (tx) => work(tx, scope.tenantId));
  }
}

/** Set-based: the names of a page. $1 ids, $2 the tenant of a tenant's caller. */
async function namesIn(
  on: Queryable,
  table: 'cloud_resources' | 'cloud_projects',
  ids: readonly string[],
  tenantId?: string,
): Promise<Map<string, string>> {
  const ofTenant = tenantId === undefined ? '' : 'and tenant_id = $2';
  const values = [[...new Set(ids)], ...(tenantId === undefined ? [] : [tenantId])];
  const rows = await on.query<{ id: string; name: string }>(
    `select id, name from ${table} where id = any ($1::uuid[]) and name is not null ${ofTenant}`,
    values,
  );
  return new Map(rows.map(({ id, name }) => [id, name]));
}

/** Set-based: the reasons of the rules of a page. $1 ids. */
async function reasonsOf(on: Queryable, ids: readonly string[]): Promise<Map<string, string>> {
  const rows = await on.query<{ id: string; reason: string }>('select id, reason from attribution_rules where id = any ($1::uuid[])', [
    ids,
  ]);
  return new Map(rows.map(({ id, reason }) => [id, reason]));
}

/** A row in PostgreSQL's text format. */
export type ResourceRow = WithBilled<TextRow<Resource, (typeof FIELDS)[number]>>;

/** The columns of a `ResourceRow`. */
export const RESOURCE_COLUMNS = columnsOf(FIELDS);

/**
 * `sweptAt` is the time when the last complete sweep of the resource's kind began, RFC 3339. `strikesToDelete` is the number of strikes
 * after which a resource is deleted.
 */
export function resourceView(resource: Resource, sweptAt: string | null, strikesToDelete: number, names?: ReferredNames): ResourceView {
  const seen = viewOf<Resource, (typeof AFTER_ATTRIBUTION)[number]>(resource, AFTER_ATTRIBUTION);
  const isListed = resource.deletedAt === null && resource.staleStrikeCount === 0;
  const proof = { strikes: resource.staleStrikeCount, of: strikesToDelete, since: seen.last_seen_at };
  return {
    ...viewOf<Resource, (typeof BEFORE_ATTRIBUTION)[number]>(resource, BEFORE_ATTRIBUTION),
    project_id: resource.cloudProjectId,
    ...(names && { project_name: names.project }),
    attribution: { by: resource.attributedBy, ref: resource.attributedRef, ...(names && { ref_name: names.ref }) },
    ...seen,
    last_seen_at: lastSeenAt(seen.first_seen_at, seen.last_seen_at, isListed, sweptAt),
    missing: resource.deletedAt === null && resource.staleStrikeCount > 0 ? proof : null,
    protected: resource.protectedBy !== null,
    protected_by: resource.protectedBy,
  };
}

/**
 * A sweep does not rewrite an unchanged row, so a row without strikes that was known when its kind's last complete sweep began counts as
 * seen by that sweep. The times are RFC 3339.
 */
function lastSeenAt(firstSeen: string, lastSeen: string, isListed: boolean, sweptAt: string | null): string {
  return isListed && sweptAt !== null && firstSeen < sweptAt && lastSeen < sweptAt ? sweptAt : lastSeen;
}

/**
 * Writes a row as the JSON of a `ResourceView` by hand, with its price as JSON: parsing the texts of a long list and serialising them again took twice as long.
 */
export function resourceJson(
  row: ResourceRow,
  price: string,
  sweptAt: string | null,
  strikesToDelete: number,
  names?: ReferredNames,
): string {
  const firstSeen = rfc3339(row.first_seen_at);
  const lastSeen = rfc3339(row.last_seen_at);
  const isListed = row.deleted_at === null && row.stale_strike_count === '0';
  const deletedAt = row.deleted_at === null ? 'null' : `"${rfc3339(row.deleted_at)}"`;
  const isMissing = row.deleted_at === null && row.stale_strike_count !== '0';
  const missing = isMissing ? `{"strikes":${row.stale_strike_count},"of":${strikesToDelete},"since":"${lastSeen}"}` : 'null';
  return (
    `{"id":"${row.id}","provider":${json(row.provider)},"kind":${json(row.kind)},"provider_id":${json(row.provider_id)},"urn":${json(row.urn)},` +
    `"name":${json(row.name)},"region":${json(row.region)},"status":${json(row.status)},"size_slug":${json(row.size_slug)},` +
    `"tenant_id":${json(row.tenant_id)},"project_id":${json(row.cloud_project_id)},${names ? `"project_name":${json(names.project)},` : ''}` +
    `"attribution":{"by":${json(row.attributed_by)},"ref":${json(row.attributed_ref)}${names ? `,"ref_name":${json(names.ref)}` : ''}},"attrs":${row.attrs},` +
    `"first_seen_at":"${firstSeen}","last_seen_at":"${lastSeenAt(firstSeen, lastSeen, isListed, sweptAt)}",` +
    `"stale_strike_count":${row.stale_strike_count},"deleted_at":${deletedAt},"missing":${missing},` +
    `"protected":${row.protected_by !== null},"protected_by":${json(row.protected_by)},"price":${price}}`
  );
}

function json(text: string | null): string {
  return text === null ? 'null' : JSON.stringify(text);
}

/**
 * Converts a time as our connections write it (`2026-07-01 12:00:00.123456+00`, set to UTC and ISO) to RFC 3339 with milliseconds, as Date
 * does: `2026-07-01T12:00:00.123Z`.
 */
export function rfc3339(written: string): string {
  const millis = written.slice(20, -3).slice(0, 3).padEnd(3, '0');
  return `${written.slice(0, 10)}T${written.slice(11, 19)}.${millis}Z`;
}
