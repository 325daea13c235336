import { Database, type Queryable } from '#libs/database';
import type { Scope } from '#libs/identity';
import { Injectable } from '@nestjs/common';

/** A snapshot, backup or custom image from which a droplet can be ordered. */
export interface BootImage {
  /** The id of its row. */
  readonly id: string;
  readonly kind: 'snapshot' | 'droplet_backup' | 'custom_image';
  /** False while a custom image is being imported, or after its import has failed. */
  readonly available: boolean;
  readonly provider_id: string;
  readonly name: string | null;
  readonly regions: readonly string[] | null;
  readonly min_disk_size: number | null;
  readonly created_at: string | null;
}

const FIRST_ID = '00000000-0000-0000-0000-000000000000';

/** Lists snapshots and backups of droplets, and custom images, in the caller's scope. */
@Injectable()
export class BootImageReader {
  constructor(private readonly database: Database) {}

  /** In the order of their ids, after `after`. `q`: part of the name or of the provider's id, in any letter case. */
  async list(scope: Scope, q: string | undefined, after: string | null, limit: number): Promise<BootImage[]> {
    const tenant = scope.kind === 'tenant' ? scope.tenantId : null;
    const pattern = q === undefined ? null : `%${q.replace(/[\\%_]/g, (sign) => `\\${sign}`)}%`;
    const read = (on: Queryable) => on.query<BootImage>(LIST, [after ?? FIRST_ID, limit, tenant, pattern]);
    return scope.kind === 'tenant' ? this.database.asTenant(scope.tenantId, read) : read(this.database);
  }
}

/** Set-based: filters by an attribute, which is not a filter of the inventory. $1 after this id, $2 limit, $3 tenant or null, $4 pattern or null. */
const LIST = `
select id, kind, provider_id, name, (kind <> 'custom_image' or status = 'available') as available, attrs -> 'regions' as regions, (attrs ->> 'min_disk_size')::int as min_disk_size, attrs ->> 'created_at' as created_at
  from cloud_resources
 where kind in ('snapshot', 'droplet_backup', 'custom_image') and deleted_at is null and coalesce(attrs ->> 'resource_type', 'droplet') = 'droplet'
   and id > $1 and ($3::text is null or tenant_id = $3) and ($4::text is null or name ilike $4 or provider_id ilike $4)
 order by id limit $2`;
