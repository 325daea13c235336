import type {
  Downtime,
  PlannedApproval,
  PlannedChange,
  PlannedCost,
  PlannedCreate,
  PlannedDestroy,
  PlannedLimit,
  PlannedPrice,
  PlannedRemainder,
  PlannedStep,
  PlanWarning,
  SagaPlan,
} from '#libs/saga';
import { IsOptional, Matches } from 'class-validator';
import {
  ApiAnyJson,
  ApiCount,
  ApiFlag,
  ApiInput,
  ApiListOf,
  ApiObject,
  ApiText,
  ApiTexts,
  ApiTime,
  ApiUuid,
  ApiWhole,
} from './swagger.decorators';
import { OverrideBody } from './http.dto';

/** The body of a change that a plan can be made of first. */
export class PlannedBody extends OverrideBody {
  @ApiInput('The `plan_hash` of a plan: the start runs only while its plan is still that one, else 409 `plan_changed`', {
    example: '3q2-7wAAbCdEfGhIjKlMnOpQrStUvWxYz0123456789',
  })
  @IsOptional()
  @Matches(/^[\w-]{43}$/, { message: 'plan_hash must be the plan_hash of a plan' })
  readonly plan_hash?: string;
}

class CallsResponse {
  @ApiCount('When nothing is in its way', { example: 1 })
  readonly min: number;

  @ApiCount('In the usual case', { example: 1 })
  readonly typical: number;
}

class PlannedStepResponse implements PlannedStep {
  @ApiText('Name of the step', { example: 'create_droplet' })
  readonly name: string;

  @ApiText('What the step does', { example: 'Creates the droplet' })
  readonly does: string;

  @ApiFlag('Whether a cancel or a later failure undoes it')
  readonly reversible: boolean;

  @ApiText('How it is undone; null where it is not undone, or where nothing has to be', { nullable: true, example: 'Destroys it' })
  readonly undo: string | null;

  @ApiObject(() => CallsResponse, 'Calls of the provider')
  readonly calls: CallsResponse;
}

class PlannedPriceResponse implements PlannedPrice {
  @ApiText('Price of an hour, with the backups of a droplet', { example: '0.00893' })
  readonly hourly: string;

  @ApiText('Price of a month, with the backups of a droplet', { example: '6.00' })
  readonly monthly: string;

  @ApiText('Currency', { example: 'USD' })
  readonly currency: string;

  @ApiText('Where the price comes from', { example: 'catalog' })
  readonly source: string;

  @ApiTime('When the price was read or configured')
  readonly as_of: string;

  @ApiText('What to know about the price', { nullable: true })
  readonly note: string | null;
}

const PRICE = () => PlannedPriceResponse;

class PlannedCreateResponse implements PlannedCreate {
  @ApiText('Kind of the resource', { example: 'droplet' })
  readonly kind: string;

  @ApiText('Its name', { example: 'acme-web-02' })
  readonly name: string;

  @ApiText('Its size; null for kinds without sizes', { nullable: true, example: 's-1vcpu-1gb' })
  readonly size_slug: string | null;

  @ApiText('Its region; null for kinds without regions', { nullable: true, example: 'fra1' })
  readonly region: string | null;

  @ApiObject(PRICE, 'What it will cost; null when that is not known, and a warning has the reason', { nullable: true })
  readonly price: PlannedPriceResponse | null;
}

class PlannedChangeResponse implements PlannedChange {
  @ApiUuid('Id of the resource in the inventory', { nullable: true })
  readonly resource_id: string | null;

  @ApiText('Name of the resource, or of the DNS record', { nullable: true, example: 'acme-web-02' })
  readonly name: string | null;

  @ApiText('The field that changes', { example: 'size_slug' })
  readonly field: string;

  @ApiAnyJson('Its present value; null where it is not known')
  readonly from: unknown;

  @ApiAnyJson('Its value afterwards')
  readonly to: unknown;
}

class PlannedDestroyResponse implements PlannedDestroy {
  @ApiUuid('Id of the resource in the inventory', { nullable: true })
  readonly resource_id: string | null;

  @ApiText('Kind of the resource', { example: 'droplet' })
  readonly kind: string;

  @ApiText('Its name', { nullable: true, example: 'acme-web-02' })
  readonly name: string | null;

  @ApiObject(PRICE, 'What it costs now; null when that is not known', { nullable: true })
  readonly price: PlannedPriceResponse | null;
}

class PlannedRemainderResponse implements PlannedRemainder {
  @ApiText('Kind of the resource', { example: 'snapshot' })
  readonly kind: string;

  @ApiText('Its name', { nullable: true })
  readonly name: string | null;

  @ApiObject(PRICE, 'What it costs afterwards; null when that is not known', { nullable: true })
  readonly price: PlannedPriceResponse | null;

  @ApiText('Why it stays', { example: 'snapshots survive their droplet' })
  readonly why: string;
}

/** What the touched things cost, together. */
export class PlannedCostResponse implements PlannedCost {
  @ApiText('A month before; null when a price is not known', { nullable: true, example: '0.00' })
  readonly before_monthly: string | null;

  @ApiText('A month afterwards; null when a price is not known', { nullable: true, example: '6.00' })
  readonly after_monthly: string | null;

  @ApiText('The difference for a month', { nullable: true, example: '6.00' })
  readonly delta_monthly: string | null;

  @ApiText('The difference for an hour', { nullable: true, example: '0.00893' })
  readonly delta_hourly: string | null;

  @ApiText('Currency', { example: 'USD' })
  readonly currency: string;

  @ApiText('Where the prices come from; several are separated by commas, null without a price', { nullable: true, example: 'catalog' })
  readonly source: string | null;
}

class DowntimeResponse implements Downtime {
  @ApiFlag('Whether something is out of service meanwhile')
  readonly expected: boolean;

  @ApiText('Why', { nullable: true, example: 'a resize needs the droplet off' })
  readonly why: string | null;

  @ApiWhole('For how long, as a rule; null when it does not come back', { nullable: true, example: 120 })
  readonly typical_seconds: number | null;
}

class PlannedLimitResponse implements PlannedLimit {
  @ApiText('Name of the limit', { example: 'max_droplets' })
  readonly limit: string;

  @ApiAnyJson('What is allowed; null without a limit')
  readonly allowed: unknown;

  @ApiAnyJson('What exists')
  readonly used: unknown;

  @ApiAnyJson('What open sagas will still create')
  readonly reserved: unknown;

  @ApiAnyJson('What this start adds')
  readonly requested: unknown;

  @ApiFlag('Whether the limit allows the start')
  readonly ok: boolean;
}

class PlannedApprovalResponse implements PlannedApproval {
  @ApiFlag('Whether another person must approve the start')
  readonly required: boolean;

  @ApiText('Why', { nullable: true })
  readonly why: string | null;
}

class PlanWarningResponse implements PlanWarning {
  @ApiText('Names the warning; stable', { example: 'nothing_to_do' })
  readonly code: string;

  @ApiText('An explanation for people')
  readonly detail: string;
}

/** Why the present state refuses the start. A start would be answered with this status and code. */
export class RefusalResponse {
  @ApiWhole('The HTTP status of the start', { example: 409 })
  readonly status: number;

  @ApiText('Names the refusal; stable', { example: 'resource_busy' })
  readonly code: string;

  @ApiText('An explanation for people')
  readonly detail: string;
}

/** What a start would do. Nothing is changed by the request. */
export class PlanResponse implements Omit<SagaPlan, 'refusal'> {
  @ApiText('Saga kind', { example: 'provision_droplet' })
  readonly kind: string;

  @ApiText('Names this plan in a start', { example: '3q2-7wAAbCdEfGhIjKlMnOpQrStUvWxYz0123456789' })
  readonly plan_hash: string;

  @ApiTime('Until when a start may name the plan')
  readonly plan_expires_at: string;

  @ApiListOf(() => PlannedStepResponse, 'The steps that have work to do; the others will be skipped')
  readonly steps: readonly PlannedStepResponse[];

  @ApiListOf(() => PlannedCreateResponse, 'What is made')
  readonly creates: readonly PlannedCreateResponse[];

  @ApiListOf(() => PlannedChangeResponse, 'What is changed')
  readonly changes: readonly PlannedChangeResponse[];

  @ApiListOf(() => PlannedDestroyResponse, 'What is destroyed')
  readonly destroys: readonly PlannedDestroyResponse[];

  @ApiListOf(() => PlannedRemainderResponse, 'What outlives a destroyed thing, and why')
  readonly leaves: readonly PlannedRemainderResponse[];

  @ApiObject(() => PlannedCostResponse, 'What the touched things cost before and afterwards')
  readonly cost: PlannedCostResponse;

  @ApiObject(() => DowntimeResponse, 'Whether something is out of service meanwhile')
  readonly downtime: DowntimeResponse;

  @ApiListOf(() => PlannedLimitResponse, 'The limits of the tenant that the start touches')
  readonly limits: readonly PlannedLimitResponse[];

  @ApiObject(() => PlannedApprovalResponse, 'Whether the start waits for an approval')
  readonly approval: PlannedApprovalResponse;

  @ApiListOf(() => PlanWarningResponse, 'What to know before the start')
  readonly warnings: readonly PlanWarningResponse[];

  @ApiTexts('What no other saga may touch meanwhile')
  readonly holds: readonly string[];

  @ApiObject(() => RefusalResponse, 'Only where the present state refuses the start', { optional: true })
  readonly refused?: RefusalResponse;
}

/** What a revert would do, with the drift that it reverts. */
export class DriftPlanResponse extends PlanResponse {
  @ApiUuid('Id of the resource in the inventory')
  readonly resource_id: string;

  @ApiText('The drifted field', { example: 'size_slug' })
  readonly field: string;

  @ApiAnyJson('The live value')
  readonly from: unknown;

  @ApiAnyJson('The desired value')
  readonly to: unknown;
}
