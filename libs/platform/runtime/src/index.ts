export { pingWithTimeout } from './ping-with-timeout';
export type { Stoppable } from './end-on-signal';
export { EXIT } from './exit-codes';
export { runProcess, type ProcessDescription } from './run-process';
export { VaultRefresh } from './vault-refresh';
