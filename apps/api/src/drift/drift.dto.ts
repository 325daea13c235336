import { IsOptional, IsUUID } from 'class-validator';
import { DRIFT_STATUSES, SEVERITIES, type DriftFilters, type DriftStatus, type DriftView, type Severity } from '#libs/drift';
import {
  ApiAnyJson,
  ApiCount,
  ApiEnum,
  ApiFlag,
  ApiInput,
  ApiListOf,
  ApiObject,
  ApiShare,
  ApiText,
  ApiTime,
  ApiUuid,
  ApiWhole,
} from '../http/swagger.decorators';
import { IsGiven, IsKnown, IsOneOf, IsTenantId } from '../http/input.decorators';
import { ListFields, PageQuery, ReasonBody } from '../http/http.dto';

/** Filters of the list of unmanaged resources. */
export class UnmanagedQuery extends PageQuery {
  @ApiInput('Resource kind', { example: 'droplet' })
  @IsOptional()
  @IsKnown('resource_kind')
  readonly kind?: string;

  @ApiInput('Owner', { example: 'acme' })
  @IsOptional()
  @IsTenantId()
  readonly tenant_id?: string;
}

/** Filters of the list of drifts. Without `status` and `ignored`: open drifts that no rule ignores. */
export class DriftQuery extends UnmanagedQuery {
  @ApiInput('State of the drift; open drifts unless given')
  @IsOptional()
  @IsOneOf(DRIFT_STATUSES)
  readonly status?: DriftStatus;

  @ApiInput('Id of the resource')
  @IsOptional()
  @IsUUID()
  readonly resource_id?: string;

  @ApiInput('Field of the desired state', { example: 'size_slug' })
  @IsOptional()
  @IsKnown('drift_field')
  readonly field?: string;

  @ApiInput('Severity of the drift')
  @IsOptional()
  @IsOneOf(SEVERITIES)
  readonly severity?: Severity;

  @ApiInput('`true`: only the open drifts that a rule ignores')
  @IsOptional()
  @IsOneOf(['true', 'false'])
  readonly ignored?: string;

  toFilters(): DriftFilters {
    const { status, kind, tenant_id, resource_id, field, severity, ignored } = this;
    return { status, kind, tenant_id, resource_id, field, severity, ignored: ignored === 'true' };
  }
}

/** The live value that the caller has seen, so that a value that changed meanwhile is not accepted. */
export class AcceptDriftBody extends ReasonBody {
  @ApiInput('The `actual` of the drift as it was returned; any JSON value, null included', { example: 's-2vcpu-4gb' })
  @IsGiven()
  readonly expected: unknown;
}

class DriftCauseResponse {
  @ApiText('The action; null while only the saga is known', { example: 'resize', nullable: true })
  readonly action: string | null;

  @ApiText("The provider's id of the action; null while only the saga is known", { nullable: true })
  readonly action_id: string | null;

  @ApiTime('Start of the action', { nullable: true })
  readonly at: string | null;

  @ApiFlag('Whether a saga requested the action')
  readonly ours: boolean;

  @ApiUuid('The saga that requested the action', { nullable: true })
  readonly saga_id: string | null;
}

/** A difference between the desired state and the live value of one field. */
export class DriftResponse implements DriftView {
  @ApiUuid('Id of the drift')
  readonly id: string;

  @ApiUuid('Id of the resource')
  readonly resource_id: string;

  @ApiText('Resource kind', { example: 'droplet' })
  readonly kind: string;

  @ApiText('Name of the resource', { nullable: true })
  readonly resource_name: string | null;

  @ApiText('Owner of the resource', { nullable: true })
  readonly tenant_id: string | null;

  @ApiText('Field of the desired state; `missing`: the resource has a desired state and is deleted', { example: 'size_slug' })
  readonly field: string;

  @ApiAnyJson('The desired value', { example: 's-1vcpu-1gb' })
  readonly expected: unknown;

  @ApiAnyJson('The live value', { example: 's-2vcpu-4gb' })
  readonly actual: unknown;

  @ApiEnum(DRIFT_STATUSES, 'State of the drift')
  readonly status: DriftStatus;

  @ApiFlag('Whether the drift is open and a rule ignores it')
  readonly ignored: boolean;

  @ApiWhole('Version of the desired state')
  readonly spec_version: number;

  @ApiEnum(SEVERITIES, 'Severity of the drift')
  readonly severity: Severity;

  @ApiText('Decimal; monthly cost of the difference, negative when it saves money; null when unknown', { nullable: true, example: '18.00' })
  readonly monthly_price_delta: string | null;

  @ApiEnum(['USD'], 'Currency of the price')
  readonly currency: 'USD';

  @ApiObject(() => DriftCauseResponse, 'The action at the provider that made the difference, where its feed lists one', { nullable: true })
  readonly cause: DriftCauseResponse | null;

  @ApiUuid('The latest revert', { nullable: true })
  readonly saga_id: string | null;

  @ApiTime('Time when the drift was detected')
  readonly detected_at: string;

  @ApiCount('Seconds since the detection')
  readonly age_seconds: number;

  @ApiTime('Time when the drift was closed', { nullable: true })
  readonly closed_at: string | null;

  @ApiText('Who closed the drift', { nullable: true })
  readonly closed_by: string | null;

  @ApiText('Reason of the decision', { nullable: true })
  readonly reason: string | null;
}

class DriftsBySeverity {
  @ApiCount('Open drifts of low severity')
  readonly low: number;

  @ApiCount('Open drifts of medium severity')
  readonly medium: number;

  @ApiCount('Open drifts of high severity')
  readonly high: number;

  @ApiCount('Open drifts of critical severity')
  readonly critical: number;
}

class CoverageResponse {
  @ApiText('The tenant; null for resources that belong to no tenant', { nullable: true })
  readonly tenant_id: string | null;

  @ApiCount('Live resources of the tenant')
  readonly live: number;

  @ApiCount('Live resources with a desired state')
  readonly managed: number;

  @ApiShare('Share of the live resources with a desired state')
  readonly share: number;
}

/** Numbers of managed and drifted resources. */
export class DriftSummaryResponse {
  @ApiTime('End of the last drift detection; null before the first one', { nullable: true })
  readonly detected_at: string | null;

  @ApiCount('Live resources with a desired state')
  readonly managed: number;

  @ApiCount('Live resources without a desired state')
  readonly unmanaged: number;

  @ApiCount('Live resources with an open drift')
  readonly drifted: number;

  @ApiCount('Deleted resources with a desired state')
  readonly missing: number;

  @ApiCount('Open drifts that a rule ignores; they are counted nowhere else')
  readonly ignored: number;

  @ApiObject(() => DriftsBySeverity, 'Open drifts by severity')
  readonly open_by_severity: Readonly<Record<Severity, number>>;

  @ApiText('Decimal; sum over all open drifts with a known price', { example: '18.00' })
  readonly monthly_price_delta: string;

  @ApiEnum(['USD'], 'Currency of the price')
  readonly currency: 'USD';

  @ApiListOf(() => CoverageResponse, 'Managed resources by tenant')
  readonly coverage: readonly CoverageResponse[];
}

/** One page of drifts. */
export class DriftListResponse extends ListFields {
  @ApiListOf(() => DriftResponse, 'The rows of this page')
  readonly data: readonly DriftResponse[];

  @ApiTime('End of the last drift detection, with which the list is no newer; null before the first one', { nullable: true })
  readonly detected_at: string | null;
}

/** Changes in the inbox after a detection. */
export class DriftDetectionResponse {
  @ApiCount('New drifts')
  readonly opened: number;

  @ApiCount('Open drifts with another live or desired value')
  readonly changed: number;

  @ApiCount('Drifts that closed because the values match again')
  readonly stale: number;

  @ApiCount('Drifts that closed after their revert')
  readonly reverted: number;
}
