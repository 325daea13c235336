import { Database } from '#libs/database';
import { CompletenessReader, InventoryReader, type ResourceView } from '#libs/inventory';
import { decodeCursor, pageOf, UUID_KEY, type ListAnswer, type PageRequest } from '#libs/kernel';
import { Injectable } from '@nestjs/common';

/** Which of the unmanaged resources. */
export interface UnmanagedFilters {
  readonly kind?: string;
  readonly tenant_id?: string;
}

/** Lists the living resources without a desired state: whatever becomes of them is no drift. */
@Injectable()
export class UnmanagedResourceService {
  constructor(
    private readonly database: Database,
    private readonly inventory: InventoryReader,
    private readonly completeness: CompletenessReader,
  ) {}

  /** In the order of their ids. */
  async list({ kind, tenant_id }: UnmanagedFilters, page: PageRequest): Promise<ListAnswer<ResourceView>> {
    const { as_of, completeness } = await this.completeness.ofKind(kind);
    const rows = await this.database.query<{ id: string }>(LIST, [decodeCursor(page.cursor, UUID_KEY), kind, tenant_id, page.limit + 1]);
    const { shown, next_cursor } = pageOf(rows, page.limit, ({ id }) => id);
    return { data: await this.inventory.getMany(shown.map(({ id }) => id)), page: { next_cursor }, as_of, completeness };
  }
}

const LIST = `
select r.id from cloud_resources r
 where r.deleted_at is null and ($1::uuid is null or r.id > $1) and ($2::text is null or r.kind = $2) and ($3::text is null or r.tenant_id = $3)
   and not exists (select 1 from cloud_provisioned p where p.resource_id = r.id and p.ended_at is null)
 order by r.id limit $4`;
