export { pingWithTimeout } from './answers-in-time';
export type { Stoppable } from './end-on-signal';
export { EXIT } from './exit-codes';
export { runProcess, type ProcessDescription } from './run-process';
export { VaultRefresh } from './vault-refresh';
