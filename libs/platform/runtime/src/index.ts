export { EXIT, type Stoppable } from './run-process';
export { PeriodicTask, type PeriodicTaskOptions } from './periodic-task';
export { NotReadyError, ReadinessService, type Check, type ReadinessIndicator } from './readiness.service';
export { runProcess, type ProcessDescription } from './run-process';
export { VaultRefresh } from './vault-refresh';
