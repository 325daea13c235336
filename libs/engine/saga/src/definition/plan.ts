import type { DomainError } from '#libs/kernel';

/** How many calls of the outside system a step makes: when nothing is in its way, and in the usual case. */
export interface CallEstimate {
  readonly min: number;
  readonly typical: number;
}

/** How a plan describes a step that will have work to do. */
export interface StepOutline {
  /** A sentence without a full stop that begins with a verb, e.g. "Creates the droplet". */
  readonly does: string;
  /** How a compensation undoes it, in the same form. Without it nothing has to be undone. */
  readonly undo?: string;
  readonly calls: CallEstimate;
}

/** Why a step has nothing to do and will be `skipped`, in the words of `skipped()`. */
export interface SkippedOutline {
  readonly skipped: string;
}

/** What a resource costs, or will cost, in exact decimal text. */
export interface PlannedPrice {
  readonly hourly: string;
  readonly monthly: string;
  readonly currency: string;
  readonly source: string;
  readonly as_of: string;
  readonly note: string | null;
}

/** A thing that the saga makes. Its price is null when it is not known; a warning of the plan then has the reason. */
export interface PlannedCreate {
  readonly kind: string;
  readonly name: string;
  readonly size_slug: string | null;
  readonly region: string | null;
  readonly price: PlannedPrice | null;
}

/** A value that the saga changes. `from` is null where the present value is not known. */
export interface PlannedChange {
  readonly resource_id: string | null;
  readonly name: string | null;
  readonly field: string;
  readonly from: unknown;
  readonly to: unknown;
}

/** A thing that the saga destroys. */
export interface PlannedDestroy {
  readonly resource_id: string | null;
  readonly kind: string;
  readonly name: string | null;
  readonly price: PlannedPrice | null;
}

/** A thing that belongs to what the saga destroys and outlives it, with the reason. It costs `price` afterwards. */
export interface PlannedRemainder {
  readonly kind: string;
  readonly name: string | null;
  readonly price: PlannedPrice | null;
  readonly why: string;
}

/** Something that a person should know before the start. */
export interface PlanWarning {
  /** Stable word. */
  readonly code: string;
  readonly detail: string;
}

/** Whether something is out of service meanwhile. `typical_seconds` is null when it does not come back. */
export interface Downtime {
  readonly expected: boolean;
  readonly why: string | null;
  readonly typical_seconds: number | null;
}

/** What the touched things cost before and after, one entry each. Null stands for a price that is not known. */
export interface TouchedPrices {
  readonly before: readonly (PlannedPrice | null)[];
  readonly after: readonly (PlannedPrice | null)[];
}

/** What one kind of saga knows about a start before it begins. `facts` are what its steps need for their outlines. */
export interface Forecast<Facts = unknown> {
  readonly facts: Facts;
  readonly creates?: readonly PlannedCreate[];
  readonly changes?: readonly PlannedChange[];
  readonly destroys?: readonly PlannedDestroy[];
  readonly leaves?: readonly PlannedRemainder[];
  readonly prices?: TouchedPrices;
  readonly downtime?: Downtime;
  readonly warnings?: readonly PlanWarning[];
  /** Why the present state does not allow the start, although the input is valid. */
  readonly refusal?: DomainError;
}

export const NO_DOWNTIME: Downtime = { expected: false, why: null, typical_seconds: 0 };

/** A step that will have work to do. Steps that will be skipped are no part of a plan. */
export interface PlannedStep {
  readonly name: string;
  readonly does: string;
  /** False at a pivot, and after one. */
  readonly reversible: boolean;
  /** How it is undone; null where it is not, or where nothing has to be undone. */
  readonly undo: string | null;
  readonly calls: CallEstimate;
}

/** What the touched things cost by the month and by the hour. An amount is null where a price is not known. */
export interface PlannedCost {
  readonly before_monthly: string | null;
  readonly after_monthly: string | null;
  readonly delta_monthly: string | null;
  readonly delta_hourly: string | null;
  readonly currency: string;
  /** Where the prices come from; null where nothing has a price. */
  readonly source: string | null;
}

/** A limit of a tenant, with what the start would add to it. */
export interface PlannedLimit {
  readonly limit: string;
  readonly allowed: unknown;
  readonly used: unknown;
  readonly reserved: unknown;
  readonly requested: unknown;
  readonly ok: boolean;
}

/** Whether another person must approve the start. */
export interface PlannedApproval {
  readonly required: boolean;
  readonly why: string | null;
}

/** What a start would do, as one judgement of the present state. [TNT-4] */
export interface PlanContent {
  readonly steps: readonly PlannedStep[];
  readonly creates: readonly PlannedCreate[];
  readonly changes: readonly PlannedChange[];
  readonly destroys: readonly PlannedDestroy[];
  readonly leaves: readonly PlannedRemainder[];
  readonly cost: PlannedCost;
  readonly downtime: Downtime;
  readonly limits: readonly PlannedLimit[];
  readonly approval: PlannedApproval;
  readonly warnings: readonly PlanWarning[];
  readonly holds: readonly string[];
}

/** The answer of a dry run. `refusal`: a start would be refused with this error. */
export interface SagaPlan extends PlanContent {
  readonly kind: string;
  /** A start that names it runs only while the plan is still this one. */
  readonly plan_hash: string;
  readonly plan_expires_at: string;
  readonly refusal?: DomainError;
}

/** What an accepted start keeps of its plan, with the prices of that time. */
export interface StoredPlan extends Pick<PlanContent, 'creates' | 'changes' | 'destroys' | 'cost'> {
  /** The names of the steps that had work to do. */
  readonly steps: readonly string[];
  /** The part of the plan's hash that does not depend on the time. An approval compares it. */
  readonly fingerprint: string;
}
