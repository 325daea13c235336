export type { FaultReport } from './faults/fault-engine';
export type { LedgerEntry } from './http/ledger';
export { DEFAULT_TOKEN, startSimulator, type RunningSimulator, type SimulatorOptions } from './start-simulator';
export type { State } from './world/state';
