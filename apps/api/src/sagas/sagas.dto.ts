import { IsObject, IsOptional, IsUUID, MaxLength, MinLength } from 'class-validator';
import type { Principal } from '#libs/identity';
import { SAGA_SORTS, SAGA_VERBS, type SagaFilters, type SagaSort, type SagaStatus, type SagaVerb, type SagaView } from '#libs/saga';
import {
  ApiAnyObject,
  ApiCount,
  ApiEnum,
  ApiEnumList,
  ApiFlag,
  ApiInput,
  ApiListOf,
  ApiObject,
  ApiText,
  ApiTime,
  ApiUuid,
} from '../http/swagger.decorators';
import { OtherTenantError } from '../auth/auth.errors';
import { AreKnown, IsOneOf, IsSomeOf, IsTenantId, IsWord, wordsIn } from '../http/input.decorators';
import { TimeRangeQuery } from '../http/http.dto';
import { LeftoverResponse, SagaApprovalResponse, SagaErrorResponse, SagaPolicyResponse, SagaStepResponse } from './saga-parts.dto';
import { PlannedBody, PlannedCostResponse } from '../http/plan.dto';

const STATUSES = [
  'pending',
  'running',
  'compensating',
  'completed',
  'rolled_back',
  'failed',
  'compensation_failed',
  'awaiting_approval',
  'rejected',
];
/** A saga to start. The class of the saga kind validates `input`; `saga-inputs.ts` describes it. */
export class SagaBody extends PlannedBody {
  @ApiInput('Saga kind', { example: 'provision_droplet' })
  @IsWord()
  readonly kind: string;

  @ApiInput('Input of the saga kind', {
    example: { name: 'acme-web-02', size_slug: 's-1vcpu-1gb', region: 'fra1', image: 'ubuntu-24-04-x64' },
  })
  @IsObject()
  readonly input: Record<string, unknown>;
}

/** Filters of the list of sagas. `since` and `until` select by the time of the start. */
export class SagasQuery extends TimeRangeQuery {
  @ApiInput('State of the saga; several are separated by commas')
  @IsOptional()
  @IsSomeOf(STATUSES)
  readonly status?: string;

  @ApiInput('Saga kind; several are separated by commas', { example: 'provision_droplet' })
  @IsOptional()
  @AreKnown('saga_kind')
  readonly kind?: string;

  @ApiInput('Owner; a tenant may name itself only', { example: 'acme' })
  @IsOptional()
  @IsTenantId()
  readonly tenant_id?: string;

  @ApiInput('Id of the resource that the sagas worked on or created')
  @IsOptional()
  @IsUUID('all')
  readonly resource_id?: string;

  @ApiInput('Who started the sagas; `operator` for a tenant that asks for those of operators', { example: 'ops' })
  @IsOptional()
  @MinLength(1)
  @MaxLength(255)
  readonly created_by?: string;

  @ApiInput('Part of the id, kind, starter or reason, or of the name of what the saga works on', { example: 'acme-web' })
  @IsOptional()
  @MinLength(1)
  @MaxLength(200)
  readonly q?: string;

  @ApiInput('`true`: only paused sagas; `false`: only others')
  @IsOptional()
  @IsOneOf(['true', 'false'])
  readonly paused?: string;

  @ApiInput('`true`: only sagas that wait for a person: failed and not released, or with a decision that is open')
  @IsOptional()
  @IsOneOf(['true', 'false'])
  readonly needs_attention?: string;

  @ApiInput('Order of the rows; a minus reverses it. By the start, newest first, unless given')
  @IsOptional()
  @IsOneOf(SAGA_SORTS)
  readonly sort?: SagaSort;

  /** Naming another tenant is refused rather than answered with an empty list. */
  toFilters(by: Principal): Omit<SagaFilters, 'resource'> {
    const { status, kind, tenant_id, created_by, since, until, q } = this;
    if (by.role === 'tenant' && tenant_id !== undefined && tenant_id !== by.tenantId) throw new OtherTenantError();
    const flags = { paused: flagOf(this.paused), needs_attention: flagOf(this.needs_attention) };
    return { status: status && wordsIn(status), kind: kind && wordsIn(kind), tenant_id, created_by, since, until, q, ...flags };
  }
}

const flagOf = (text: string | undefined): boolean | undefined => (text === undefined ? undefined : text === 'true');

/** A saga with its ledger. */
export class SagaResponse implements Omit<SagaView, 'approval' | 'error' | 'leftovers' | 'steps'> {
  @ApiUuid('Id of the saga')
  readonly id: string;

  @ApiText('Saga kind', { example: 'provision_droplet' })
  readonly kind: string;

  @ApiEnum(STATUSES, 'State of the saga')
  readonly status: SagaStatus;

  @ApiAnyObject('The input, without fields that are never returned')
  readonly input: Record<string, unknown>;

  @ApiAnyObject('Outputs of the completed steps')
  readonly context: Record<string, unknown>;

  @ApiObject(() => SagaErrorResponse, 'Why the saga failed', { nullable: true })
  readonly error: SagaErrorResponse | null;

  @ApiListOf(() => LeftoverResponse, 'Effects that a failed compensation could not undo')
  readonly leftovers: readonly LeftoverResponse[];

  @ApiFlag('Whether a cancel has been requested')
  readonly cancel_requested: boolean;

  @ApiCount('Index of the current step')
  readonly current_step_idx: number;

  @ApiText('Owner of what the saga works on, who may read it; null when that belongs to no tenant', { nullable: true })
  readonly tenant_id: string | null;

  @ApiUuid('Id of the resource that the saga works on, or that it created', { nullable: true })
  readonly resource_id: string | null;

  @ApiText('Name of what the saga works on: the droplet, or the DNS record', { nullable: true, example: 'acme-web-02' })
  readonly target_name: string | null;

  @ApiText('Who started the saga; a tenant reads `operator` for every operator')
  readonly created_by: string;

  @ApiText('Reason that was given for the start; a tenant does not read the reason of an operator', { nullable: true })
  readonly reason: string | null;

  @ApiObject(() => SagaApprovalResponse, 'The decision that the saga waits for, or waited for', { nullable: true })
  readonly approval: SagaApprovalResponse | null;

  @ApiTime('Time of the start')
  readonly created_at: string;

  @ApiTime('Time of the last progress: a step began or ended, or the saga ended')
  readonly updated_at: string;

  @ApiTime('Time when the saga ended', { nullable: true })
  readonly finished_at: string | null;

  @ApiTime('When the saga continues after a wait or a pause; null when it has ended, or waits for a person', { nullable: true })
  readonly wake_at: string | null;

  @ApiCount('Milliseconds from the start to the end; null while the saga is open', { nullable: true })
  readonly duration_ms: number | null;

  @ApiObject(
    () => PlannedCostResponse,
    'What the start was planned to cost, with the prices of that time; null for starts of earlier releases',
    {
      nullable: true,
    },
  )
  readonly cost: PlannedCostResponse | null;

  @ApiCount('Raised by each change that a person makes; verbs take it as `expected_version`')
  readonly version: number;

  @ApiTime('When the saga was paused; null while it is not', { nullable: true })
  readonly paused_at: string | null;

  @ApiText('Who paused it; a tenant reads `operator`', { nullable: true })
  readonly paused_by: string | null;

  @ApiText('Why it is paused; a tenant does not read it', { nullable: true })
  readonly pause_reason: string | null;

  @ApiObject(() => SagaPolicyResponse, 'Limits that an operator has set for the steps of this saga', { nullable: true })
  readonly policy: SagaPolicyResponse | null;

  @ApiUuid('The rolled back saga that this one repeats', { nullable: true })
  readonly redriven_from: string | null;

  @ApiEnumList(SAGA_VERBS, 'What the caller may do with the saga now; each is `POST /api/v1/sagas/:id/<verb>`')
  readonly actions: readonly SagaVerb[];

  @ApiListOf(() => SagaStepResponse, 'The ledger: each step of the plan')
  readonly steps: readonly SagaStepResponse[];
}
