import type { PolicyView, SagaApprovalView, SagaStepView, StepError } from '#libs/saga';
import { ApiAnyJson, ApiAnyObject, ApiCount, ApiEnum, ApiObject, ApiText, ApiTime } from '../http/swagger.decorators';

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

export class StepErrorResponse implements Pick<StepError, 'code' | 'detail'> {
  @ApiText('Names the failure; stable')
  readonly code: string;

  @ApiText('An explanation for people')
  readonly detail: string;
}

export class SagaErrorResponse extends StepErrorResponse {
  @ApiText('The step that failed', { nullable: true })
  readonly step: string | null;
}

export class LeftoverResponse {
  @ApiText('The step that could not be undone')
  readonly step: string;

  @ApiAnyJson('Output of the step')
  readonly output: unknown;

  @ApiAnyJson('What the step meant to do, as it was recorded last')
  readonly intent: unknown;

  @ApiObject(() => StepErrorResponse, 'Why the step could not be undone')
  readonly error: StepErrorResponse;
}

export class SagaStepResponse implements Omit<SagaStepView, 'error'> {
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

  @ApiCount('Executions of the compensation so far')
  readonly compensation_attempts: number;

  @ApiTime('Start of the first execution', { nullable: true })
  readonly started_at: string | null;

  @ApiTime('Start of the compensation, or of its last retry by a person; null when the step has not been undone', { nullable: true })
  readonly compensating_since: string | null;

  @ApiTime('End of the step; of an undone one, the end of its compensation', { nullable: true })
  readonly finished_at: string | null;

  @ApiAnyObject('Output of the step', { nullable: true })
  readonly output: Record<string, unknown> | null;

  @ApiObject(() => StepErrorResponse, 'Why the step failed or waits', { nullable: true })
  readonly error: StepErrorResponse | null;
}

export class SagaApprovalResponse implements SagaApprovalView {
  @ApiEnum(['start', 'step_output'], 'What is decided: the start, or the output of a step')
  readonly subject: SagaApprovalView['subject'];

  @ApiText('The step whose output is decided; null for a start', { nullable: true })
  readonly step: string | null;

  @ApiAnyObject('The output that is decided; null for a start', { nullable: true })
  readonly output: Record<string, unknown> | null;

  @ApiText('Why a decision is needed', { example: 'adds 240.00 USD a month, more than 200.00 without approval' })
  readonly why: string;

  @ApiText('Who asked, and may not decide; a tenant reads `operator` for every operator')
  readonly asked_by: string;

  @ApiTime('Time of the start')
  readonly asked_at: string;

  @ApiTime('Without a decision until then, the service rejects')
  readonly expires_at: string;

  @ApiEnum(['approved', 'rejected', 'expired', 'cancelled'], 'The decision; null while there is none', { nullable: true })
  readonly decision: SagaApprovalView['decision'];

  @ApiText('Who decided; `approvals` is the service itself', { nullable: true })
  readonly decided_by: string | null;

  @ApiTime('Time of the decision', { nullable: true })
  readonly decided_at: string | null;

  @ApiText('Reason of the decision', { nullable: true })
  readonly reason: string | null;
}

export class SagaPolicyResponse implements PolicyView {
  @ApiCount('Tries of a step; null: as the step says, as for each limit', { nullable: true })
  readonly tries: number | null;

  @ApiCount('Milliseconds before the second try', { nullable: true })
  readonly backoff_ms: number | null;

  @ApiCount('Longest pause between two tries in milliseconds', { nullable: true })
  readonly max_backoff_ms: number | null;

  @ApiCount('Time limit of one execution in milliseconds', { nullable: true })
  readonly time_limit_ms: number | null;

  @ApiCount('Limit of all waits of a step together in milliseconds', { nullable: true })
  readonly wait_limit_ms: number | null;
}
