import { IsInt, IsObject, IsOptional, Max, Min } from 'class-validator';
import type { AuditContext } from '#libs/audit';
import { ValidationFailedError } from '#libs/kernel';
import type { AttemptView, ProviderCallView, RelatedSaga, SagaTimelineView, StepPolicy, StepTimeline, VerbRequest } from '#libs/saga';
import { RequiredReasonBody } from '../http/http.dto';
import {
  ApiAnyObject,
  ApiCount,
  ApiFlag,
  ApiInput,
  ApiListOf,
  ApiObject,
  ApiText,
  ApiTextList,
  ApiTime,
  ApiUuid,
} from '../http/swagger.decorators';
import { StepErrorResponse } from './saga-parts.dto';

/** Body of a verb. */
export class VerbBody extends RequiredReasonBody {
  @ApiInput('The `version` of the saga that the caller has read; another one is 409 `version_moved`', { example: 3 })
  @IsOptional()
  @IsInt()
  @Min(0)
  readonly expected_version?: number;

  toRequest(id: string, because: AuditContext, idempotencyKey: string | undefined): VerbRequest {
    const { expected_version: expectedVersion } = this;
    return {
      id,
      because,
      ...(expectedVersion !== undefined && { expectedVersion }),
      ...(idempotencyKey !== undefined && { idempotencyKey }),
    };
  }
}

export class SkipBody extends VerbBody {
  @ApiInput('What the step would have returned, where later steps use it', { example: { size_slug: 's-1vcpu-1gb' } })
  @IsOptional()
  @IsObject()
  readonly output?: Record<string, unknown>;
}

export class StepOutputBody extends VerbBody {
  @ApiInput('What the step has done, in the form of its output', { example: { droplet_id: '512189' } })
  @IsObject()
  readonly output: Record<string, unknown>;
}

const DAY_MS = 86_400_000;

/** Limits that replace those of the steps, for one saga. */
export class PolicyBody extends VerbBody {
  @ApiInput('Tries of a step', { example: 10 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(1_000)
  readonly tries?: number;

  @ApiInput('Milliseconds before the second try; the pause doubles for each further one')
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(DAY_MS)
  readonly backoff_ms?: number;

  @ApiInput('Longest pause between two tries in milliseconds')
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(DAY_MS)
  readonly max_backoff_ms?: number;

  @ApiInput('Time limit of one execution in milliseconds')
  @IsOptional()
  @IsInt()
  @Min(1_000)
  @Max(3_600_000)
  readonly time_limit_ms?: number;

  @ApiInput('Limit of all waits of a step together in milliseconds')
  @IsOptional()
  @IsInt()
  @Min(1_000)
  @Max(30 * DAY_MS)
  readonly wait_limit_ms?: number;

  /** Throws `ValidationFailedError` when no limit is given. */
  toPolicy(): Partial<StepPolicy> {
    const { tries, backoff_ms, max_backoff_ms, time_limit_ms, wait_limit_ms } = this;
    const limits = {
      tries,
      backoffMs: backoff_ms,
      maxBackoffMs: max_backoff_ms,
      timeLimitMs: time_limit_ms,
      waitLimitMs: wait_limit_ms,
    };
    const given = Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
    if (Object.keys(given).length === 0) throw new ValidationFailedError([{ field: 'tries', message: 'give at least one limit' }]);
    return given;
  }
}

class WaitResponse {
  @ApiText('Why it waited')
  readonly why: string;

  @ApiTime('The first execution with this reason')
  readonly since: string;

  @ApiTime('The latest one')
  readonly until: string;

  @ApiCount('Executions with this reason')
  readonly executions: number;
}

class AttemptResponse implements AttemptView {
  @ApiTime('Begin of the try')
  readonly started_at: string;

  @ApiTime('End of its latest execution', { nullable: true })
  readonly ended_at: string | null;

  @ApiText('`completed`, `skipped`, `retry`, `waiting`, `failed`, `compensated` or `compensation_failed`')
  readonly outcome: string;

  @ApiObject(() => StepErrorResponse, 'Why it did not succeed', { nullable: true })
  readonly error: StepErrorResponse | null;

  @ApiListOf(() => WaitResponse, 'What the try waited for')
  readonly waits: readonly WaitResponse[];

  @ApiText('Admins only: the worker; null where a person ended the try', { nullable: true })
  readonly worker: string | null;

  @ApiText('Admins only: the claim', { nullable: true })
  readonly epoch: string | null;
}

class StepTimelineResponse implements StepTimeline {
  @ApiCount('Index of the step in the plan')
  readonly step_idx: number;

  @ApiText('Name of the step')
  readonly name: string;

  @ApiText('State of the step', { example: 'completed' })
  readonly status: StepTimeline['status'];

  @ApiFlag('Whether nothing is undone from this step on')
  readonly pivot: boolean;

  @ApiListOf(() => AttemptResponse, 'Every try')
  readonly attempts: readonly AttemptResponse[];

  @ApiListOf(() => AttemptResponse, 'Every try of the compensation')
  readonly compensation: readonly AttemptResponse[];

  @ApiAnyObject('Admins only: what the step meant to do, as it was recorded last', { nullable: true })
  readonly intent: Record<string, unknown> | null;
}

class RelatedSagaResponse implements RelatedSaga {
  @ApiUuid('Id of the saga')
  readonly id: string;

  @ApiText('Saga kind')
  readonly kind: string;

  @ApiText('State of the saga')
  readonly status: RelatedSaga['status'];

  @ApiTime('Time of the start')
  readonly created_at: string;
}

class SagaRelationsResponse {
  @ApiUuid('The saga of which this one undoes a late write', { nullable: true })
  readonly parent: string | null;

  @ApiUuid('The rolled back saga that this one repeats', { nullable: true })
  readonly redriven_from: string | null;

  @ApiTextList('Ids of the sagas that repeat this one')
  readonly redriven_as: readonly string[];

  @ApiTextList('Ids of the drifts that this saga reverts')
  readonly drift: readonly string[];

  @ApiListOf(() => RelatedSagaResponse, 'The latest other sagas on the same resource')
  readonly same_resource: readonly RelatedSagaResponse[];
}

class SagaWorkerResponse {
  @ApiText('Host, process and id of the worker that claimed the saga last', { nullable: true })
  readonly owner: string | null;

  @ApiText('The number of the claim')
  readonly epoch: string;

  @ApiTime('End of the lease', { nullable: true })
  readonly lease_until: string | null;
}

class ProviderCallResponse implements ProviderCallView {
  @ApiCount('The step that called')
  readonly step_idx: number;

  @ApiFlag('Whether its compensation called')
  readonly compensating: boolean;

  @ApiTime('When the call was sent')
  readonly at: string;

  @ApiText('Method', { example: 'POST' })
  readonly method: string;

  @ApiText('Path without query', { example: '/v2/droplets' })
  readonly path: string;

  @ApiCount('HTTP status; null when there was no answer', { nullable: true })
  readonly status: number | null;

  @ApiCount('Duration in milliseconds')
  readonly ms: number;

  @ApiText("The provider's id of the request", { nullable: true })
  readonly request_id: string | null;
}

/** The course of a saga. */
export class SagaTimelineResponse implements SagaTimelineView {
  @ApiUuid('Id of the saga')
  readonly saga_id: string;

  @ApiText('Saga kind')
  readonly kind: string;

  @ApiText('State of the saga')
  readonly status: SagaTimelineView['status'];

  @ApiTime('When the saga was paused', { nullable: true })
  readonly paused_at: string | null;

  @ApiTime('When the saga continues by itself', { nullable: true })
  readonly wake_at: string | null;

  @ApiListOf(() => StepTimelineResponse, 'The steps of the plan')
  readonly steps: readonly StepTimelineResponse[];

  @ApiObject(() => SagaRelationsResponse, 'What the saga has to do with others')
  readonly relations: SagaRelationsResponse;

  @ApiObject(() => SagaWorkerResponse, 'Admins only: who has the saga', { nullable: true })
  readonly worker: SagaWorkerResponse | null;

  @ApiListOf(() => ProviderCallResponse, 'Admins only: calls at the provider, kept for 30 days')
  readonly provider_calls: readonly ProviderCallResponse[];
}
