import { Type } from 'class-transformer';
import { IsOptional, Matches, MaxLength, MinLength, ValidateNested } from 'class-validator';
import type { AuditFilters, AuditView, ChainHead, Finding } from '#libs/audit';
import { AreKnown, IsKnown, IsTenantId, wordsIn } from '../http/input.decorators';
import { TimeRangeQuery } from '../http/http.dto';
import { ApiAnyObject, ApiCount, ApiFlag, ApiInput, ApiListOf, ApiObject, ApiText, ApiTime, ApiUuid } from '../http/swagger.decorators';

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
  @IsKnown('audit_target')
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

/** A head of the chain, as an earlier verification returned it. */
class ChainHeadInput implements ChainHead {
  @ApiInput('Number of the last link', { example: '48213' })
  @Matches(/^(0|[1-9]\d{0,17})$/)
  readonly no: string;

  @ApiInput('Its hash')
  @Matches(/^[0-9a-f]{64}$/)
  readonly hash: string;
}

export class VerifyAuditBody {
  @ApiInput('A head that you kept: the verification also finds an end of the record that was cut off since', { of: () => ChainHeadInput })
  @IsOptional()
  @ValidateNested()
  @Type(() => ChainHeadInput)
  readonly head?: ChainHeadInput;
}

class ChainHeadResponse implements ChainHead {
  @ApiText('Number of the last link', { example: '48213' })
  readonly no: string;

  @ApiText('Its hash')
  readonly hash: string;
}

class FindingResponse {
  @ApiText('What is wrong', { example: 'row_edited' })
  readonly what: Finding['what'];

  @ApiText('Table of the row, digest or link', { example: 'audit_log' })
  readonly table: string;

  @ApiText('Its number', { example: '4' })
  readonly id: string;

  @ApiText('The digest that covers it; null when none does', { nullable: true, example: '1' })
  readonly digest: string | null;
}

/** The result of a verification of events and audit log. */
export class AuditVerificationResponse {
  @ApiFlag('Nothing was changed, added or removed since it was recorded')
  readonly whole: boolean;

  @ApiCount('Rows that were read')
  readonly rows: number;

  @ApiCount('Digests that the chain does not contain yet; the head does not cover them')
  readonly waiting: number;

  @ApiObject(() => ChainHeadResponse, 'The last link. Keep it elsewhere, and send it with the next verification')
  readonly head: ChainHeadResponse;

  @ApiTime('Events before this time are archived; null when none are', { nullable: true })
  readonly archived_before: string | null;

  @ApiListOf(() => FindingResponse, 'What is wrong; the first 100')
  readonly findings: readonly FindingResponse[];

  @ApiCount('How many findings there are')
  readonly findings_count: number;
}
