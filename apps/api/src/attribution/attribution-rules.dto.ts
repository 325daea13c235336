import { Type } from 'class-transformer';
import { IsInt, IsObject, IsOptional, IsUUID, Max, MaxLength, Min, ValidateNested } from 'class-validator';
import type {
  AttributionRuleChange,
  AttributionRuleFilters,
  AttributionRuleView,
  NewAttributionRule,
  RuleConditions,
} from '#libs/inventory';
import { ValidationFailedError } from '#libs/kernel';
import { PageQuery, RequiredReasonBody } from '../http/http.dto';
import { IsKnown, IsNotBlank, IsOneOf, IsTenantId, IsTimestamp, IsWord, OrNull } from '../http/input.decorators';
import { ApiCount, ApiFlag, ApiInput, ApiObject, ApiText, ApiTime, ApiUuid, ApiWhole } from '../http/swagger.decorators';

const MOST_POSITION = 1_000_000;

/** The conditions of a rule, all of which must apply. */
export class RuleConditionsInput implements RuleConditions {
  @ApiInput('Resource kind', { example: 'droplet' })
  @IsOptional()
  @IsKnown('resource_kind')
  readonly kind?: string;

  @ApiInput('A glob of tags that tenants cannot set: it begins with `tenant:`, `rate:`, `arcadia-` or `managed-by-`', {
    example: 'tenant:acme',
  })
  @IsOptional()
  @MaxLength(255)
  @IsNotBlank()
  readonly tag?: string;

  @ApiInput('A glob of the name: `*` is any text, `?` one character; letter case does not matter', { example: 'acme-*' })
  @IsOptional()
  @MaxLength(255)
  @IsNotBlank()
  readonly name_glob?: string;

  @ApiInput('Our id of the project. A project with a tenant decides before any rule')
  @IsOptional()
  @IsUUID()
  readonly project_id?: string;

  @ApiInput('Region of the provider', { example: 'fra1' })
  @IsOptional()
  @IsWord()
  readonly region?: string;
}

const When = () => (target: object, key: string) => {
  IsObject()(target, key);
  ValidateNested()(target, key);
  Type(() => RuleConditionsInput)(target, key);
};

const conditionsOf = ({ kind, tag, name_glob, project_id, region }: RuleConditionsInput): RuleConditions => ({
  kind,
  tag,
  name_glob,
  project_id,
  region,
});

const IsPosition = () => (target: object, key: string) => {
  IsInt()(target, key);
  Min(1)(target, key);
  Max(MOST_POSITION)(target, key);
};

/** A rule that gives resources to a tenant. */
export class AttributionRuleBody extends RequiredReasonBody {
  @ApiInput('The first rule that applies decides, by this number; after all others unless given', { example: 10 })
  @IsOptional()
  @IsPosition()
  readonly position?: number;

  @ApiInput('What must be true of a resource: everything that is given', {
    of: () => RuleConditionsInput,
    example: { name_glob: 'acme-*' },
  })
  @When()
  readonly when: RuleConditionsInput;

  @ApiInput('The owner of these resources; a registered tenant', { example: 'acme' })
  @IsTenantId()
  readonly tenant_id: string;

  @ApiInput('The rule applies from this time on; from now unless given')
  @IsOptional()
  @IsTimestamp()
  readonly valid_from?: string;

  @ApiInput('The rule applies until this time; until it is deleted unless given')
  @IsOptional()
  @OrNull()
  @IsTimestamp()
  readonly valid_to?: string | null;

  toRule(): NewAttributionRule {
    const { position, when, tenant_id, valid_from, valid_to, reason } = this;
    return { position, when: conditionsOf(when), tenant_id, valid_from, valid_to, reason };
  }
}

/** A change of a rule; a field that is missing keeps its value. */
export class AttributionRuleChangeBody {
  @ApiInput('The first rule that applies decides, by this number', { example: 10 })
  @IsOptional()
  @IsPosition()
  readonly position?: number;

  @ApiInput('All conditions of the rule, in place of those that it has', { of: () => RuleConditionsInput, example: { kind: 'droplet' } })
  @IsOptional()
  @When()
  readonly when?: RuleConditionsInput;

  @ApiInput('The owner of these resources. What another tenant owns stays its own until an admin confirms each move', { example: 'acme' })
  @IsOptional()
  @IsTenantId()
  readonly tenant_id?: string;

  @ApiInput('The rule applies from this time on')
  @IsOptional()
  @IsTimestamp()
  readonly valid_from?: string;

  @ApiInput('The rule applies until this time; a past time ends it at once, null lets it apply until it is deleted')
  @IsOptional()
  @OrNull()
  @IsTimestamp()
  readonly valid_to?: string | null;

  @ApiInput('Reason of the rule; recorded in the audit log too', { example: 'moved by contract 12' })
  @IsOptional()
  @MaxLength(500)
  @IsNotBlank()
  readonly reason?: string;

  /** Throws when the body names no field to change. */
  toChange(): AttributionRuleChange {
    const { position, when, tenant_id, valid_from, valid_to, reason } = this;
    const change = { position, when: when && conditionsOf(when), tenant_id, valid_from, valid_to, reason };
    if (Object.values(change).every((value) => value === undefined))
      throw new ValidationFailedError([{ field: '', message: 'position, when, tenant_id, valid_from, valid_to or reason must be given' }]);
    return change;
  }
}

/** Filters of the list of rules. */
export class AttributionRulesQuery extends PageQuery {
  @ApiInput('Tenant that the rule gives resources to', { example: 'acme' })
  @IsOptional()
  @IsTenantId()
  readonly tenant_id?: string;

  @ApiInput('Resource kind that the rule names', { example: 'droplet' })
  @IsOptional()
  @IsKnown('resource_kind')
  readonly kind?: string;

  @ApiInput('Whether the rule applies at this time; both unless given')
  @IsOptional()
  @IsOneOf(['true', 'false'])
  readonly active?: string;

  toFilters(): AttributionRuleFilters {
    const { tenant_id, kind, active } = this;
    return { tenant_id, kind, active: active === undefined ? undefined : active === 'true' };
  }
}

class RuleConditionsResponse implements RuleConditions {
  @ApiText('Resource kind', { optional: true, example: 'droplet' })
  readonly kind?: string;

  @ApiText('A glob of reserved tags', { optional: true, example: 'tenant:acme' })
  readonly tag?: string;

  @ApiText('A glob of the name', { optional: true, example: 'acme-*' })
  readonly name_glob?: string;

  @ApiUuid('Our id of the project', { optional: true })
  readonly project_id?: string;

  @ApiText('Region of the provider', { optional: true, example: 'fra1' })
  readonly region?: string;
}

/** An attribution rule. */
export class AttributionRuleResponse implements AttributionRuleView {
  @ApiUuid('Id of the rule; the `attribution.ref` of the resources that it decides')
  readonly id: string;

  @ApiWhole('The first rule that applies decides, by this number', { example: 10 })
  readonly position: number;

  @ApiObject(() => RuleConditionsResponse, 'What must be true of a resource: everything that is given')
  readonly when: RuleConditionsResponse;

  @ApiText('The owner of these resources', { example: 'acme' })
  readonly tenant_id: string;

  @ApiTime('The rule applies from this time on')
  readonly valid_from: string;

  @ApiTime('The rule applies until this time; null until it is deleted', { nullable: true })
  readonly valid_to: string | null;

  @ApiText('Reason of the rule')
  readonly reason: string;

  @ApiFlag('Whether the rule applies at this time')
  readonly active: boolean;

  @ApiCount('Living resources that the rule has given to its tenant')
  readonly resources: number;

  @ApiText('Who created the rule')
  readonly created_by: string;

  @ApiTime('Time when the rule was created')
  readonly created_at: string;
}
