import { signGuardianToken } from '#libs/identity';
import { SweepService } from '#libs/inventory';
import type { INestApplicationContext } from '@nestjs/common';
import { type RunningSimulator, startSimulator } from '../../../apps/simulator/src';
import { SimulatorClient } from '../../support/simulator-client';
import { openInventory } from '../../support/inventory-world';
import { ACCOUNT } from '../../support/provisioning-world';
import { JWT_SECRET } from '../../support/settings';
import { ChaosWorld } from '../../support/chaos-world';
import { until } from '../../support/until';

const ENDS = ['completed', 'rolled_back', 'failed', 'compensation_failed'];

/** A saga as its table stores it. */
export interface EndedSaga {
  readonly id: string;
  readonly status: string;
  readonly context: Readonly<Record<string, Record<string, string> | undefined>>;
}

/**
 * The api and the workers as they are deployed, with one database and one simulated account. Sweeps run only when the test
 * starts them.
 */
export class CrashWorld {
  private constructor(
    private readonly provider: RunningSimulator,
    readonly simulator: SimulatorClient,
    readonly processes: ChaosWorld,
    private readonly inventory: INestApplicationContext,
  ) {}

  static async create(workers: number): Promise<CrashWorld> {
    const provider = await startSimulator({ empty: true });
    const simulator = new SimulatorClient(provider.url);
    await simulator.change(ACCOUNT);
    await simulator.allow({ per_minute: 1_000_000, per_hour: 1_000_000 });
    await simulator.change({
      lags: { tag_listed_ms: 200, droplet_active_ms: 200, droplet_networks_ms: 100, power_action_ms: 200, resize_action_ms: 300 },
    });
    const processes = await ChaosWorld.create(workers, {
      DO_API_URL: provider.url,
      DO_API_TOKEN: provider.token,
      DO_RATE_PER_MINUTE: '1000000',
      DO_RATE_PER_HOUR: '1000000',
      DO_ROUTE_RATE_PERCENT: '1000000',
      PROVIDER_LAG_MS: '2000',
      SAGA_POLL_MS: '200',
      SAGA_LEASE_MS: '2000',
      SAGA_RENEW_MS: '500',
      LOG_LEVEL: 'error',
    });
    const world = new CrashWorld(provider, simulator, processes, await openInventory(processes.environment));
    await world.sweep('project');
    return world;
  }

  async sweep(kind: string): Promise<void> {
    const { status } = await this.inventory.get(SweepService).run(kind, { trigger: 'manual' });
    if (status !== 'complete') throw new Error(`the sweep of ${kind} ended ${status}`);
  }

  /** Sends a request as a platform admin. */
  async call<T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T> {
    const headers = {
      authorization: `Bearer ${signGuardianToken(JWT_SECRET, { sub: 'ada', roles: ['platform_admin'] })}`,
      'content-type': 'application/json',
    };
    const answer = await fetch(`${this.processes.api.url}${path}`, {
      method,
      headers,
      ...(method === 'POST' && { body: JSON.stringify(body ?? {}) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return ((await answer.json()) as { data: T }).data;
  }

  async ended(sagaId: string): Promise<EndedSaga> {
    const saga = () => this.call<EndedSaga>('GET', `/api/v1/sagas/${sagaId}`);
    await until(async () => ENDS.includes((await saga()).status), { withinMs: 90_000, what: `the end of saga ${sagaId}` });
    return saga();
  }

  /** Kills every worker with SIGKILL and starts new ones. */
  async replaceWorkers(): Promise<void> {
    await Promise.all(this.processes.workers.map((worker) => worker.kill()));
    for (const nth of this.processes.workers.keys()) this.processes.workers[nth] = await this.processes.startWorker();
  }

  async end(): Promise<void> {
    await this.inventory.close();
    await this.processes.end();
    await this.provider.close();
  }
}
