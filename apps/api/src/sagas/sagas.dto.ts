import { IsIn, IsObject, IsOptional } from 'class-validator';
import type { SagaStatus, SagaStepView, SagaView, StepError } from '#libs/saga';
import {
  ApiAnyJson,
  ApiAnyObject,
  ApiCount,
  ApiEnum,
  ApiFlag,
  ApiInput,
  ApiListOf,
  ApiObject,
  ApiText,
  ApiTime,
  ApiUuid,
} from '../http/swagger.decorators';
import { IsWord } from '../http/input.decorators';
import { PageQuery, ReasonBody } from '../http/http.dto';

const STATUSES = ['pending', 'running', 'compensating', 'completed', 'rolled_back', 'failed', 'compensation_failed'];
const STEP_STATUSES = [
  'planned',
  'running',
  'waiting',
  'completed',
  'skipped',
  'failed',
  'compensating',
  'compensated',
  'compensation_failed',
];

/** A saga to start. The class of the saga kind validates `input`; `saga-inputs.ts` describes it. */
export class SagaBody extends ReasonBody {
  @ApiInput('Saga kind', { example: 'provision_droplet' })
  @IsWord()
  readonly kind: string;

  @ApiInput('Input of the saga kind', {
    example: { name: 'acme-web-02', size_slug: 's-1vcpu-1gb', region: 'fra1', image: 'ubuntu-24-04-x64' },
  })
  @IsObject()
  readonly input: Record<string, unknown>;
}

export class SagaStartQuery {
  @ApiInput('`true`: return the plan and change nothing')
  @IsOptional()
  @IsIn(['true', 'false'])
  readonly dry_run?: string;
}

/** Filters of the list of sagas. */
export class SagasQuery extends PageQuery {
  @ApiInput('State of the saga')
  @IsOptional()
  @IsIn(STATUSES)
  readonly status?: string;

  @ApiInput('Saga kind', { example: 'provision_droplet' })
  @IsOptional()
  @IsWord()
  readonly kind?: string;
}

class StepErrorResponse implements Pick<StepError, 'code' | 'detail'> {
  @ApiText('Names the failure; stable')
  readonly code: string;

  @ApiText('An explanation for people')
  readonly detail: string;
}

class SagaErrorResponse extends StepErrorResponse {
  @ApiText('The step that failed', { nullable: true })
  readonly step: string | null;
}

class LeftoverResponse {
  @ApiText('The step that could not be undone')
  readonly step: string;

  @ApiAnyJson('Output of the step')
  readonly output: unknown;

  @ApiAnyJson('Last recorded intent of the step')
  readonly intent: unknown;

  @ApiObject(() => StepErrorResponse, 'Why the step could not be undone')
  readonly error: StepErrorResponse;
}

class SagaStepResponse implements Omit<SagaStepView, 'error'> {
  @ApiCount('Index of the step in the plan')
  readonly step_idx: number;

  @ApiText('Name of the step', { example: 'create_droplet' })
  readonly name: string;

  @ApiEnum(STEP_STATUSES, 'State of the step')
  readonly status: SagaStepView['status'];

  @ApiText('Why a skipped step had nothing to do; null for any other step', { nullable: true })
  readonly reason: string | null;

  @ApiCount('Executions so far')
  readonly attempts: number;

  @ApiTime('Start of the first execution', { nullable: true })
  readonly started_at: string | null;

  @ApiTime('End of the step', { nullable: true })
  readonly finished_at: string | null;

  @ApiAnyObject('Output of the step', { nullable: true })
  readonly output: Record<string, unknown> | null;

  @ApiObject(() => StepErrorResponse, 'Why the step failed or waits', { nullable: true })
  readonly error: StepErrorResponse | null;
}

/** A saga with its ledger. */
export class SagaResponse implements Omit<SagaView, 'error' | 'leftovers' | 'steps'> {
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

  @ApiText('Owner of the saga; null for sagas of platform admins', { nullable: true })
  readonly tenant_id: string | null;

  @ApiText('Who started the saga')
  readonly created_by: string;

  @ApiTime('Time of the start')
  readonly created_at: string;

  @ApiTime('Time when the saga ended', { nullable: true })
  readonly finished_at: string | null;

  @ApiListOf(() => SagaStepResponse, 'The ledger: each step of the plan')
  readonly steps: readonly SagaStepResponse[];
}
