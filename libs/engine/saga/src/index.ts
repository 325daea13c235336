export type { StartCommand, SagaDefinition, StepContext, StepDefinition, StepPolicy } from './definition/saga-definition';
export { SagaRegistry } from './definition/saga-registry';
export { done, fail, retry, wait, type StepAnswer, type StepError } from './definition/step-answer';
export { SagaEngine } from './engine/saga-engine';
export { SagaQueries, type RecordedIntent, type SagaOutline } from './reads/saga-outlines';
export { SagaReader, type SagaFilters } from './reads/saga-reader';
export type { SagaStepView, SagaView } from './reads/saga.view';
export type { RunStatus } from './run/saga-run';
export {
  IdempotencyKeyReusedError,
  LeaseLostError,
  NotCancellableError,
  NotReleasableError,
  NotRetryableError,
  ResourceBusyError,
  SagaNotFoundError,
  TooManySagasError,
  UnknownSagaKindError,
} from './saga.error';
export { SagaModule } from './saga.module';
export { SagaControls } from './starts/saga-controls';
export { SagaStarter, type SagaPlan, type StartRequest } from './starts/saga-starts';
