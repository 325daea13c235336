import { IsOptional } from 'class-validator';
import {
  ATTRIBUTION_REASONS,
  type AttributionFindingView,
  type FindingFilters,
  type RuleEffect,
  type RuleMove,
  type RuleMoveGroup,
} from '#libs/inventory';
import { PageQuery, RequiredReasonBody } from '../http/http.dto';
import { IsTenantId } from '../http/input.decorators';
import { ApiCount, ApiEnum, ApiFlag, ApiInput, ApiListOf, ApiObject, ApiText, ApiTime, ApiUuid } from '../http/swagger.decorators';

/** Filters of the moves that wait. */
export class AttributionFindingsQuery extends PageQuery {
  @ApiInput('The present owner', { example: 'acme' })
  @IsOptional()
  @IsTenantId()
  readonly from_tenant_id?: string;

  @ApiInput('The tenant that the rule gives the resource to', { example: 'harbour' })
  @IsOptional()
  @IsTenantId()
  readonly to_tenant_id?: string;

  toFilters(): FindingFilters {
    const { from_tenant_id, to_tenant_id } = this;
    return { from_tenant_id, to_tenant_id };
  }
}

/** The confirmation of a move. */
export class ConfirmMoveBody extends RequiredReasonBody {
  @ApiInput('The `to_tenant_id` of the finding as it was returned', { example: 'harbour' })
  @IsTenantId()
  readonly tenant_id: string;
}

class RuleMoveGroupResponse implements RuleMoveGroup {
  @ApiText('The present owner', { nullable: true })
  readonly from_tenant_id: string | null;

  @ApiText('The owner afterwards', { nullable: true, example: 'acme' })
  readonly to_tenant_id: string | null;

  @ApiFlag('Whether an admin must confirm each of these moves')
  readonly needs_confirmation: boolean;

  @ApiCount('Number of the resources', { example: 12 })
  readonly resources: number;
}

class RuleMoveResponse implements RuleMove {
  @ApiUuid('Id of the resource')
  readonly resource_id: string;

  @ApiText('Resource kind', { example: 'droplet' })
  readonly kind: string;

  @ApiText('Name of the resource', { nullable: true, example: 'acme-web-01' })
  readonly name: string | null;

  @ApiText('The present owner', { nullable: true })
  readonly from_tenant_id: string | null;

  @ApiText('The owner afterwards', { nullable: true, example: 'acme' })
  readonly to_tenant_id: string | null;

  @ApiFlag('Whether an admin must confirm the move')
  readonly needs_confirmation: boolean;
}

/** What a change of the rules would move. */
export class RuleEffectResponse implements RuleEffect {
  @ApiCount('Resources that get another tenant at once, or lose theirs', { example: 12 })
  readonly moves: number;

  @ApiCount('Further resources, of which the move from one tenant to another waits for an admin', { example: 0 })
  readonly needs_confirmation: number;

  @ApiListOf(() => RuleMoveGroupResponse, 'Both, by their tenants; the largest group first')
  readonly groups: readonly RuleMoveGroupResponse[];

  @ApiListOf(() => RuleMoveResponse, 'The first 50 of both, those that wait before the others')
  readonly first: readonly RuleMoveResponse[];
}

class FindingAttributionResponse {
  @ApiEnum(ATTRIBUTION_REASONS, 'What decides for the other tenant')
  readonly by: AttributionFindingView['attribution']['by'];

  @ApiUuid('Id of that rule, parent or user')
  readonly ref: string;
}

/** A move from one tenant to another that waits for an admin. */
export class AttributionFindingResponse implements AttributionFindingView {
  @ApiUuid('Id of the resource, and of the finding')
  readonly resource_id: string;

  @ApiText('Resource kind', { example: 'droplet' })
  readonly kind: string;

  @ApiText('Name of the resource', { nullable: true })
  readonly name: string | null;

  @ApiText('The present owner, who stays the owner until an admin confirms', { example: 'acme' })
  readonly from_tenant_id: string;

  @ApiText('The tenant that the rule gives the resource to', { example: 'harbour' })
  readonly to_tenant_id: string;

  @ApiObject(() => FindingAttributionResponse, 'What decides for the other tenant')
  readonly attribution: FindingAttributionResponse;

  @ApiTime('Time when the move was found')
  readonly found_at: string;
}
