import { AuditLog, type AuditContext } from '#libs/audit';
import { Database, type Queryable } from '#libs/database';
import { CompletenessReader, InventoryReader, ResourceDeletedError, ResourceNotFoundError, type ResourceView } from '#libs/inventory';
import { decodeCursor, pageOf, UUID_KEY, type ListAnswer, type PageRequest } from '#libs/kernel';
import { DESIRED_FIELDS, DesiredStateRepository, desiredFields, type Spec } from '#libs/provisioning';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { liveValue, withoutOwnTags } from './detection.sql';
import { AlreadyManagedError } from './drift.errors';

/** Filters of the list of unmanaged resources. */
export interface UnmanagedFilters {
  readonly kind?: string;
  readonly tenant_id?: string;
}

/** The desired state that a resource got by its adoption. */
export interface AdoptedView {
  readonly resource_id: string;
  readonly spec: Spec;
  readonly spec_version: number;
}

/** Lists live resources without a desired state (their changes are no drift) and adopts them. */
@Injectable()
export class AdoptionService {
  constructor(
    private readonly database: Database,
    private readonly source: DataSource,
    private readonly specs: DesiredStateRepository,
    private readonly inventory: InventoryReader,
    private readonly completeness: CompletenessReader,
    private readonly audit: AuditLog,
  ) {}

  /** In the order of their ids. */
  async listUnmanaged({ kind, tenant_id }: UnmanagedFilters, page: PageRequest): Promise<ListAnswer<ResourceView>> {
    const { as_of, completeness } = await this.completeness.ofKind(kind);
    const after = decodeCursor(page.cursor, UUID_KEY);
    const query = this.source.createQueryBuilder().select('r.id', 'id').from('cloud_resources', 'r').where(UNMANAGED);
    if (after !== null) query.andWhere('r.id > :after', { after });
    if (kind !== undefined) query.andWhere('r.kind = :kind', { kind });
    if (tenant_id !== undefined) query.andWhere('r.tenant_id = :tenant', { tenant: tenant_id });
    const rows = await query
      .orderBy('r.id')
      .limit(page.limit + 1)
      .getRawMany<{ id: string }>();
    const { items, next_cursor } = pageOf(rows, page.limit, ({ id }) => id);
    return { data: await this.inventory.getMany(items.map(({ id }) => id)), page: { next_cursor }, as_of, completeness };
  }

  /**
   * Records the live values of a resource as its desired state. Throws `ResourceNotFoundError`, `ResourceDeletedError` for a tombstone, and
   * `AlreadyManagedError`.
   */
  async adopt(resourceId: string, because: AuditContext): Promise<AdoptedView> {
    return this.database.transaction(async (tx) => {
      // Fenced: the row lock keeps the resource from being deleted until the desired state is committed.
      const [known] = await tx.query<{ kind: string; tenant_id: string | null; deleted: boolean }>(
        'select kind, tenant_id, deleted_at is not null as deleted from cloud_resources where id = $1 for share',
        [resourceId],
      );
      if (!known) throw new ResourceNotFoundError();
      if (known.deleted) throw new ResourceDeletedError();
      const [{ spec } = { spec: {} }] = await tx.query<{ spec: Spec }>(LIVE_VALUES, [resourceId, desiredFields(known.kind)]);
      const version = await this.specs.adopt(tx, resourceId, spec);
      if (version === undefined) throw new AlreadyManagedError();
      await this.audit.record(tx, {
        ...because,
        action: 'resource_adopted',
        target: { type: 'resource', id: resourceId },
        details: { spec, tenant_id: known.tenant_id },
      });
      return { resource_id: resourceId, spec, spec_version: version };
    });
  }

  /** Adopts resources that the caller has locked, judged, and records in the audit log. */
  async adoptAll(tx: Queryable, resourceIds: readonly string[]): Promise<void> {
    const rows = await tx.query<{ resource_id: string; spec: Spec }>(LIVE_VALUES_OF_ALL, [resourceIds, JSON.stringify(DESIRED_FIELDS)]);
    await this.specs.adoptAll(tx, rows);
  }
}

/** The same of many resources. $1 resources, $2 the desired fields of each kind as JSON. Set-based. */
const LIVE_VALUES_OF_ALL = `
select r.id as resource_id, coalesce(jsonb_object_agg(f.field, ${withoutOwnTags('f.field', 'l.value')}) filter (where l.value <> 'null'), '{}') as spec
  from cloud_resources r
 cross join lateral jsonb_array_elements_text(coalesce($2::jsonb -> r.kind, '["name", "region"]')) f(field)
 cross join lateral (select ${liveValue('f.field')} as value) l
 where r.id = any ($1::uuid[]) group by r.id`;

const UNMANAGED = `r.deleted_at is null
  and not exists (select 1 from cloud_provisioned p where p.resource_id = r.id and p.ended_at is null)`;

/** Fields that the inventory does not know get no desired value, nor does the power of a machine that is neither on nor off. $1 resource, $2 fields. Set-based: one row per field. */
const LIVE_VALUES = `
select coalesce(jsonb_object_agg(f.field, ${withoutOwnTags('f.field', 'l.value')}) filter (where l.value <> 'null'), '{}') as spec
  from cloud_resources r cross join unnest($2::text[]) f(field) cross join lateral (select ${liveValue('f.field')} as value) l
 where r.id = $1`;
