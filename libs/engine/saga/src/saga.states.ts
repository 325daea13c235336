/** Where a saga is. `failed` and `compensation_failed` wait for an operator. */
export type SagaStatus = 'pending' | 'running' | 'compensating' | 'completed' | 'rolled_back' | 'failed' | 'compensation_failed';

/** Where a step is. A step that has not begun has no ledger line and therefore no status. */
export type StepStatus = 'running' | 'waiting' | 'completed' | 'failed' | 'compensating' | 'compensated' | 'compensation_failed';

/** No worker continues a saga in one of these statuses. */
export const FINAL_STATUSES: readonly SagaStatus[] = ['completed', 'rolled_back', 'failed', 'compensation_failed'];
