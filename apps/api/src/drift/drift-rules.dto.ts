import { IsOptional, IsUUID, MaxLength, MinLength } from 'class-validator';
import type { RuleFilters } from '#libs/drift';
import { ValidationFailedError } from '#libs/kernel';
import { ApiFlag, ApiInput, ApiText, ApiTime, ApiUuid } from '../http/swagger.decorators';
import { IsKnown, IsNotBlank, IsOneOf, IsTenantId, IsTimestamp, OrNull } from '../http/input.decorators';
import { RequiredReasonBody } from '../http/http.dto';
import { UnmanagedQuery } from './drift.dto';

/** Drifts to ignore: each one that matches all given fields. */
export class DriftRuleBody extends RequiredReasonBody {
  @ApiInput('Owner of the resources', { example: 'acme' })
  @IsOptional()
  @IsTenantId()
  readonly tenant_id?: string;

  @ApiInput('Resource kind', { example: 'droplet' })
  @IsOptional()
  @IsKnown('resource_kind')
  readonly kind?: string;

  @ApiInput('Id of one resource')
  @IsOptional()
  @IsUUID()
  readonly resource_id?: string;

  @ApiInput('Field of the desired state', { example: 'tags' })
  @IsOptional()
  @IsKnown('drift_field')
  readonly field?: string;

  @ApiInput('Time when the rule ends by itself')
  @IsOptional()
  @IsTimestamp()
  readonly expires_at?: string;
}

/** A change of a rule; a field that is missing keeps its value. */
export class DriftRuleChangeBody {
  @ApiInput('Reason of the rule; recorded in the audit log too', { example: 'they tag for themselves' })
  @IsOptional()
  @MaxLength(500)
  @IsNotBlank()
  readonly reason?: string;

  @ApiInput('Time when the rule ends; a past time ends it at once, null lets it apply until it is deleted')
  @IsOptional()
  @OrNull()
  @IsTimestamp()
  readonly expires_at?: string | null;

  /** Throws when the body names no field to change. */
  toChange(): { reason?: string; expires_at?: string | null } {
    const { reason, expires_at } = this;
    if (reason === undefined && expires_at === undefined)
      throw new ValidationFailedError([{ field: '', message: 'reason or expires_at must be given' }]);
    return { reason, expires_at };
  }
}

/** Filters of the list of rules. */
export class DriftRulesQuery extends UnmanagedQuery {
  @ApiInput('Id of the resource of the rule')
  @IsOptional()
  @IsUUID('all')
  readonly resource_id?: string;

  @ApiInput('Field of the desired state', { example: 'tags' })
  @IsOptional()
  @IsKnown('drift_field')
  readonly field?: string;

  @ApiInput('Who created the rule', { example: 'ops' })
  @IsOptional()
  @MinLength(1)
  @MaxLength(255)
  readonly created_by?: string;

  @ApiInput('Whether the rule has ended; both unless given')
  @IsOptional()
  @IsOneOf(['true', 'false'])
  readonly expired?: string;

  toFilters(): RuleFilters {
    const { tenant_id, kind, resource_id, field, created_by, expired } = this;
    return { tenant_id, kind, resource_id, field, created_by, expired: expired === undefined ? undefined : expired === 'true' };
  }
}

/** An ignore rule. */
export class DriftRuleResponse {
  @ApiUuid('Id of the rule')
  readonly id: string;

  @ApiText('Owner of the resources; null for every owner', { nullable: true })
  readonly tenant_id: string | null;

  @ApiText('Resource kind; null for every kind', { nullable: true })
  readonly kind: string | null;

  @ApiUuid('Id of the resource; null for every resource', { nullable: true })
  readonly resource_id: string | null;

  @ApiText('Name of the resource', { nullable: true })
  readonly resource_name: string | null;

  @ApiText('Field of the desired state; null for every field', { nullable: true })
  readonly field: string | null;

  @ApiText('Reason of the rule')
  readonly reason: string;

  @ApiText('Who created the rule')
  readonly created_by: string;

  @ApiTime('Time when the rule was created')
  readonly created_at: string;

  @ApiTime('Time when the rule ends', { nullable: true })
  readonly expires_at: string | null;

  @ApiFlag('Whether the rule has ended')
  readonly expired: boolean;
}
