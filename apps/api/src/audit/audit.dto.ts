import { IsOptional, MaxLength, MinLength } from 'class-validator';
import type { AuditFilters, AuditView } from '#libs/audit';
import { AreKnown, IsOneOf, IsTenantId, wordsIn } from '../http/input.decorators';
import { TimeRangeQuery } from '../http/http.dto';
import { ApiAnyObject, ApiInput, ApiText, ApiTime, ApiUuid } from '../http/swagger.decorators';

const TARGET_TYPES = [
  'drift',
  'attribution_rule',
  'drift_rule',
  'invoice',
  'notification_subscription',
  'project',
  'queue',
  'resource',
  'saga',
  'sweep',
  'webhook',
];

/** Filters of the audit log. `since` and `until` select by the time of the change. */
export class AuditQuery extends TimeRangeQuery {
  @ApiInput('Who made the changes: the `sub` of the token', { example: 'ops' })
  @IsOptional()
  @MinLength(1)
  @MaxLength(255)
  readonly actor?: string;

  @ApiInput('The change; several are separated by commas', { example: 'owner_set' })
  @IsOptional()
  @AreKnown('audit_action')
  readonly action?: string;

  @ApiInput('Type of the changed object', { example: 'resource' })
  @IsOptional()
  @IsOneOf(TARGET_TYPES)
  readonly target_type?: string;

  @ApiInput('Id of the changed object')
  @IsOptional()
  @MinLength(1)
  @MaxLength(200)
  readonly target_id?: string;

  @ApiInput('A tenant: changes by its users, and changes of what it owned, got or lost', { example: 'acme' })
  @IsOptional()
  @IsTenantId()
  readonly tenant_id?: string;

  @ApiInput('Id of the request that made the change')
  @IsOptional()
  @MinLength(1)
  @MaxLength(128)
  readonly request_id?: string;

  toFilters(): AuditFilters {
    const { actor, action, target_type, target_id, tenant_id, request_id, since, until } = this;
    return {
      actor,
      actions: action === undefined ? undefined : wordsIn(action),
      target_type,
      target_id,
      tenant_id,
      request_id,
      since,
      until,
    };
  }
}

/** One change, as recorded in its transaction. */
export class AuditEntryResponse implements AuditView {
  @ApiUuid('Id of the entry')
  readonly id: string;

  @ApiTime('Time of the change')
  readonly at: string;

  @ApiText('Who made the change: the `sub` of the token', { example: 'ops' })
  readonly actor: string;

  @ApiText('Role of the actor', { example: 'platform_admin' })
  readonly actor_role: string;

  @ApiText('Tenant of the actor; null for platform admins', { nullable: true })
  readonly actor_tenant_id: string | null;

  @ApiText('The change', { example: 'owner_set' })
  readonly action: string;

  @ApiText('Type of the changed object', { example: 'resource' })
  readonly target_type: string;

  @ApiText('Id of the changed object')
  readonly target_id: string;

  @ApiText('Name of the changed object, or of the resource that it is about; null where none is known', { nullable: true })
  readonly target_name: string | null;

  @ApiText('Reason given by the actor', { nullable: true })
  readonly reason: string | null;

  @ApiAnyObject('Values of the change')
  readonly details: Record<string, unknown>;

  @ApiText('Id of the request that made the change', { nullable: true })
  readonly request_id: string | null;
}
