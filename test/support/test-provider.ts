import { startSimulator, type RunningSimulator } from '../../apps/simulator/src';
import { SimulatorClient } from './simulator-client';

/** A simulated provider that never refuses a call for its rate, its client, and the settings by which a process finds it. */
export interface TestProvider {
  readonly provider: RunningSimulator;
  readonly simulator: SimulatorClient;
  readonly settings: { readonly DO_API_URL: string; readonly DO_API_TOKEN: string };
}

export async function startTestProvider(simulated: { empty?: boolean; seed?: number } = { empty: true }): Promise<TestProvider> {
  const provider = await startSimulator(simulated);
  const simulator = new SimulatorClient(provider.url);
  await simulator.allow({ per_minute: 1_000_000, per_hour: 1_000_000 });
  return { provider, simulator, settings: { DO_API_URL: provider.url, DO_API_TOKEN: provider.token } };
}
