export { DEFAULT_TOKEN, startSimulator, type RunningSimulator, type SimulatorOptions } from './start-simulator';
export { SimulatorControl, type RuleInput } from './testing/simulator-control';
