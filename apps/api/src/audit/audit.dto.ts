import type { AuditView } from '#libs/audit';
import { ApiAnyObject, ApiText, ApiTime, ApiUuid } from '../http/swagger.decorators';

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

  @ApiText('Reason given by the actor', { nullable: true })
  readonly reason: string | null;

  @ApiAnyObject('Values of the change')
  readonly details: Record<string, unknown>;

  @ApiText('Id of the request that made the change', { nullable: true })
  readonly request_id: string | null;
}
