import { AuditLog, type AuditContext } from '#libs/audit';
import { Database } from '#libs/database';
import { ResourceNotFoundError } from '#libs/inventory';
import { DesiredStateRepository, type Spec } from '#libs/provisioning';
import { Injectable } from '@nestjs/common';
import { liveValue, withoutOwnTags } from '../comparison/live-value.sql';
import { AlreadyManagedError, ResourceGoneError } from '../drift.error';
import { desiredFields } from './desired-fields';

/** The desired state that a resource has got. */
export interface AdoptedView {
  readonly resource_id: string;
  readonly spec: Spec;
  readonly spec_version: number;
}

/** Takes what nobody ordered here under management, as it is. */
@Injectable()
export class AdoptionService {
  constructor(
    private readonly database: Database,
    private readonly specs: DesiredStateRepository,
    private readonly audit: AuditLog,
  ) {}

  /** Throws `ResourceNotFoundError`, `ResourceGoneError` for a tombstone, `AlreadyManagedError`. */
  async adopt(resourceId: string, because: AuditContext): Promise<AdoptedView> {
    return this.database.transaction(async (tx) => {
      const [known] = await tx.query<{ kind: string; gone: boolean }>(
        'select kind, deleted_at is not null as gone from cloud_resources where id = $1 for share',
        [resourceId],
      );
      if (!known) throw new ResourceNotFoundError(resourceId);
      if (known.gone) throw new ResourceGoneError(resourceId);
      const [{ spec } = { spec: {} }] = await tx.query<{ spec: Spec }>(LIVE_VALUES, [resourceId, desiredFields(known.kind)]);
      const version = await this.specs.adopt(tx, resourceId, spec);
      if (version === undefined) throw new AlreadyManagedError(resourceId);
      await this.audit.record(tx, {
        ...because,
        action: 'resource_adopted',
        target: { type: 'resource', id: resourceId },
        details: { spec },
      });
      return { resource_id: resourceId, spec, spec_version: version };
    });
  }
}

/** What is not known of it is not wanted of it. $1 resource, $2 fields. */
const LIVE_VALUES = `
select coalesce(jsonb_object_agg(f.field, ${withoutOwnTags('f.field', 'l.value')}) filter (where l.value <> 'null'), '{}') as spec
  from cloud_resources r cross join unnest($2::text[]) f(field) cross join lateral (select ${liveValue('f.field')} as value) l
 where r.id = $1`;
