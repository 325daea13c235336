export { DataDirLock } from './data-dir-lock';
export { ScriptStoppedError } from './demo-billing/api-script';
export { fillDemoBilling } from './demo-billing/demo-billing';
export { EmbeddedPostgres, readRunning } from './embedded-postgres/embedded-postgres';
export { EmbeddedPostgresError } from './local-stack.errors';
export { makeEnterable } from './embedded-postgres/os-account';
export { LaunchError } from './local-stack.errors';
export { isPortFree } from './ports';
export { RunningSystem, scriptOf, type ProcessName } from './running-system';
export { checkedEnvironment, planStart, refuseDemoInRealDatabase, simulatorEnvironment, type StartPlan } from './start-plan';
export {
  describeTenants,
  FIRST_INVENTORY_LIMIT_MS,
  mintSummaryTokens,
  orderForApproval,
  prepareDemoTenants,
  runFile,
  summaryText,
  waitForFirstInventory,
  writeRunNote,
  type RunNote,
  type Summary,
} from './summary';
export { Supervisor } from './supervisor';
export { TerminalOutput } from './terminal-output';
