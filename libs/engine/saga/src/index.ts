export { underWay, type Effect, type TrackedWrite, type UnderWay } from './definition/effect';
export type {
  OutputCheck,
  StartCommand,
  SagaDefinition,
  StepContext,
  StepDefinition,
  StepKey,
  StepPolicy,
} from './definition/saga-definition';
export { NO_DOWNTIME } from './definition/plan';
export type {
  Downtime,
  Forecast,
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
  SkippedOutline,
  StepOutline,
} from './definition/plan';
export { SagaRegistry } from './definition/saga-registry';
export { done, fail, retry, skipped, wait, type StepAnswer, type StepError, type Wait } from './definition/step-answer';
export { SagaEngine } from './engine/saga-engine';
export { SagaQueries, type RecordedIntent, type SagaOutline } from './queries/saga-queries';
export { SAGA_SORTS, SagaReader, type SagaFilters, type SagaSort } from './queries/saga-reader';
export {
  SAGA_RETENTION,
  SagaTimeline,
  type AttemptView,
  type ProviderCallView,
  type RelatedSaga,
  type SagaTimelineView,
  type StepTimeline,
} from './queries/saga-timeline';
export type { PolicyView, SagaApprovalView, SagaStepView, SagaView } from './queries/saga-view';
export { NEW_OBJECT, TrackedWrites, type WrittenObject } from './run/tracked-writes';
export {
  IdempotencyKeyReusedError,
  LeaseLostError,
  NotAwaitingApprovalError,
  NotCancellableError,
  NotReleasableError,
  NotRetryableError,
  OwnApprovalError,
  PlanChangedError,
  ResourceBusyError,
  SagaNotFoundError,
  TooManySagasError,
  UnknownSagaKindError,
} from './saga.errors';
export { SagaModule } from './saga.module';
export { isOpen, SAGA_TRANSITIONS, STEP_TRANSITIONS, type SagaStatus, type StepStatus } from './saga.states';
export { Acceptance, AcceptanceGuard, type GuardedStart, type Judgement, type LimitReading } from './start/acceptance-guard';
export { SagaApprovals } from './start/saga-approvals';
export {
  BULK_VERBS,
  SagaBulk,
  type BulkItemView,
  type BulkJobView,
  type BulkPlan,
  type BulkRequest,
  type BulkVerb,
} from './bulk/saga-bulk.service';
export { SagaControls } from './start/saga-controls';
export { SagaStarter, type StartRequest } from './start/saga-starter';
export { SagaVerbs } from './start/saga-verbs';
export { StepOutputs } from './start/step-outputs';
export type { VerbOptions, VerbRequest } from './start/verb-requests';
export { SAGA_VERBS, verbTableText, type SagaVerb } from './start/verb-table';
