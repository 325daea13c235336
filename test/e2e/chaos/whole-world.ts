import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool, type QueryResultRow } from 'pg';
import { startSimulator, type RunningSimulator } from '../../../apps/simulator/src';
import { EmbeddedPostgres } from '../../../libs/platform/local-stack/src/embedded-postgres/embedded-postgres';
import { limitTenants } from '../../support/factories';
import { SimulatorClient } from '../../support/simulator-client';
import type { BackendKind } from '../../support/queue-world';
import { TcpProxy } from '../../support/tcp-proxy';
import { until } from '../../support/until';
import { ApiClient } from './api-client';
import { Fleet } from './fleet';
import { PlantedSecrets } from './planted-secrets';
import { QueueStore } from './queue-store';
import { migrateAll } from '../../support/database';

const DATABASE = 'chaos';
/** The clocks of the three workers: one is right, one an hour ahead, and one an hour behind. */
const CLOCKS_MS = [0, 3_600_000, -3_600_000];
/** The token of another user of the account. Faults apply only to calls of the product. */
export const STRANGER = 'dop_v1_somebody_else';
/** Divides the lags of the simulator. The product's lag bound exceeds all of them. */
const SLOWNESS = 10;

/** All times are shorter than in production and in the same order, so leases, repairs and probes happen often during a run. */
const SETTINGS = {
  NODE_ENV: 'test',
  SAGA_LEASE_MS: '2000',
  SAGA_RENEW_MS: '500',
  SAGA_POLL_MS: '500',
  PROVIDER_LAG_MS: '4000',
  REAPER_PERIOD_MS: '1000',
  REAPER_GRACE_MS: '20000',
  SWEEP_LEASE_MS: '3000',
  SCHEDULES_REPAIR_MS: '2000',
  QUEUE_LOCK_MS: '2000',
  QUEUE_STALLED_CHECK_MS: '1000',
  DO_CALL_TIMEOUT_MS: '3000',
  DO_MINUTE_WINDOW_MS: '4000',
  DO_RATE_PER_MINUTE: '1000000',
  DO_RATE_PER_HOUR: '1000000',
  DO_ROUTE_RATE_PERCENT: '1000000',
  ACCOUNT_CHECK_MS: '2000',
  STRIKES_TO_DELETE: '2',
  STRIKE_SPACING_MS: '0',
  DELETION_LAG_MS: '5000',
  AUDIT_SEAL_MS: '1000',
};

/** The whole system as it is deployed, with its own PostgreSQL, Redis and provider, all of which may fail. */
export class WholeWorld {
  fleet: Fleet;
  client: ApiClient;

  private constructor(
    private readonly homeDir: string,
    readonly server: EmbeddedPostgres,
    /** The proxy between the processes and PostgreSQL. */
    readonly line: TcpProxy,
    readonly queues: QueueStore,
    private readonly provider: RunningSimulator,
    readonly simulator: SimulatorClient,
    readonly secrets: PlantedSecrets,
    private readonly owner: Pool,
  ) {}

  static async create(backend: BackendKind, seed: number): Promise<WholeWorld> {
    const homeDir = mkdtempSync(join(tmpdir(), 'arcadia-chaos-whole-'));
    const server = await EmbeddedPostgres.start({ homeDir, databases: [DATABASE], durability: 'durable', wishedPort: 0 });
    const ownerUrl = server.ownerUrl(DATABASE);
    await migrateAll(ownerUrl, server.appUrl(DATABASE));
    const owner = new Pool({ connectionString: ownerUrl, max: 3 });
    owner.on('error', () => undefined); // The next query reports the error.
    await limitTenants(owner);
    const line = await TcpProxy.to(server.port, '127.0.0.1');
    const queues = await QueueStore.open(backend, homeDir);
    const secrets = new PlantedSecrets([ownerUrl, server.appUrl(DATABASE)].map((url) => new URL(url).password));
    const provider = await startSimulator({ seed });
    const simulator = new SimulatorClient(provider.url);
    const world = new WholeWorld(homeDir, server, line, queues, provider, simulator, secrets, owner);
    await world.prepareProvider();
    await world.startProcesses();
    return world;
  }

  get ownerUrl(): string {
    return this.server.ownerUrl(DATABASE);
  }

  get providerUrl(): string {
    return this.provider.url;
  }

  /** Queries the database as its owner, and retries during outages of the server. */
  async query<R extends QueryResultRow>(text: string, values: unknown[] = []): Promise<R[]> {
    let rows: R[] = [];
    await until(
      async () => {
        try {
          rows = (await this.owner.query<R>(text, values)).rows;
          return true;
        } catch (error) {
          if (!isOutage(error)) throw error;
          return false;
        }
      },
      { withinMs: 30_000, what: 'an answer of PostgreSQL' },
    );
    return rows;
  }

  async end(): Promise<void> {
    await this.fleet?.end();
    await this.owner.end().catch(() => undefined);
    await this.queues.close();
    await this.line.end();
    await this.provider.close();
    await this.server.stop();
    rmSync(this.homeDir, { recursive: true, force: true });
  }

  private async prepareProvider(): Promise<void> {
    const { lags, account } = await this.simulator.account();
    const { tokens, jwtSecret } = this.secrets;
    await this.simulator.change({
      tokens: [tokens.all, tokens.provisioning, STRANGER],
      account: { ...account, droplet_limit: 100_000 },
      lags: Object.fromEntries(Object.entries(lags).map(([name, ms]) => [name, Math.round(ms / SLOWNESS)])),
      limits: { per_minute: 1_000_000, per_hour: 1_000_000 },
      settings: { finance_secret: jwtSecret },
    });
  }

  private async startProcesses(): Promise<void> {
    const url = new URL(this.server.appUrl(DATABASE));
    url.port = String(this.line.port);
    const { tokens, jwtSecret } = this.secrets;
    const api = { ...SETTINGS, JWT_SECRET: jwtSecret, DATABASE_URL: url.href, REDIS_URL: this.queues.redisUrl };
    const worker = {
      ...api,
      DO_API_URL: this.provider.url,
      DO_API_TOKEN: tokens.all,
      DO_API_TOKEN_PROVISIONING: tokens.provisioning,
      SKYAI_FINANCE_URL: `${this.provider.url}/finance`,
    };
    this.fleet = await Fleet.start(CLOCKS_MS, { api, worker });
    this.client = new ApiClient(() => this.fleet.api.url, this.secrets);
  }
}

function isOutage(error: unknown): boolean {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  return code.startsWith('57') || code.startsWith('ECONN') || /terminated|not queryable|closed|timeout/i.test(message);
}
