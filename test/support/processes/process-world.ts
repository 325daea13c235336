import type { ResourceView, SweepView } from '#libs/inventory';
import type { ListAnswer } from '#libs/kernel';
import { Client } from 'pg';
import { until } from '../until';
import type { BackendKind } from '../queue-world';
import { createEmptyDatabase, migrateAll, type TestDatabase } from '../database';
import { ADMIN_HEADER } from '../principals';
import { JWT_SECRET, PROOF_KEY, UNLIMITED_CALLS } from '../settings';
import { ConnectionPeaks } from './connection-peaks';
import { QueueStorage } from './queue-storage';
import { SimulatedAccount, sorted, type DropletFacts } from './simulated-account';
import { SpawnedProcess } from './spawned-process';

/** The provider token of each process. The api needs none. */
const TOKENS = { one: 'dop_v1_worker_one', two: 'dop_v1_worker_two', three: 'dop_v1_worker_three' } as const;
const KINDS = ['droplet', 'project'] as const;

export type WorkerName = keyof typeof TOKENS;
export type ProcessName = WorkerName | 'api';
export type Kind = (typeof KINDS)[number];

/**
 * Leases, locks and repairs are short. A single strike is enough, so that a wrong one becomes visible. A GET confirms every
 * strike before a tombstone is written.
 */
const SETTINGS = {
  JWT_SECRET,
  PROOF_KEY,
  SWEEP_LEASE_MS: '3000',
  SCHEDULES_REPAIR_MS: '1000',
  QUEUE_LOCK_MS: '1000',
  QUEUE_STALLED_CHECK_MS: '500',
  STRIKES_TO_DELETE: '1',
  STRIKE_SPACING_MS: '0',
  DELETION_LAG_MS: '0',
  ...UNLIMITED_CALLS,
};

/** Two or three workers and an api as they are deployed, with one database, one queue storage and one simulated account. */
export class ProcessWorld {
  private readonly processes = new Map<ProcessName, SpawnedProcess>();
  private readonly started: SpawnedProcess[] = [];

  private constructor(
    readonly account: SimulatedAccount,
    /** A superuser session that sees every row. */
    readonly owner: Client,
    readonly peaks: ConnectionPeaks,
    readonly queues: QueueStorage,
    private readonly database: TestDatabase,
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  /** Creates the world on an empty database, without migrations and processes. */
  static async create(backend: BackendKind): Promise<ProcessWorld> {
    const account = await SimulatedAccount.start(Object.values(TOKENS));
    const database = await createEmptyDatabase();
    const owner = new Client({ connectionString: database.ownerUrl });
    await owner.connect();
    const queues = new QueueStorage(backend, owner, database.appUrl);
    const peaks = await ConnectionPeaks.watch(database.ownerUrl);
    const env = { ...SETTINGS, ...queues.env, DATABASE_URL: database.appUrl };
    return new ProcessWorld(account, owner, peaks, queues, database, env);
  }

  get ownerUrl(): string {
    return this.database.ownerUrl;
  }

  get appUrl(): string {
    return this.database.appUrl;
  }

  async migrate(): Promise<void> {
    await migrateAll(this.database.ownerUrl, this.database.appUrl);
  }

  process(name: ProcessName): SpawnedProcess {
    const running = this.processes.get(name);
    if (!running) throw new Error(`${name} does not run`);
    return running;
  }

  /** Starts the process on its previous port. Its name is the first part of the `application_name` of its connections. */
  async start(name: ProcessName, more: NodeJS.ProcessEnv = {}): Promise<SpawnedProcess> {
    const url = new URL(this.database.appUrl);
    url.searchParams.set('application_name', `${name}-${this.started.length}`);
    const port = this.processes.get(name)?.port.toString();
    const env = { ...this.env, DATABASE_URL: url.href, ...more };
    const started =
      name === 'api'
        ? await SpawnedProcess.start('api', { ...env, PORT: port })
        : await SpawnedProcess.start('worker', { ...env, WORKER_PORT: port, DO_API_URL: this.account.url, DO_API_TOKEN: TOKENS[name] });
    this.processes.set(name, started);
    this.started.push(started);
    return started;
  }

  /** Starts those that do not run, and waits until they are ready and each kind was swept at least once. */
  async up(...names: readonly ProcessName[]): Promise<void> {
    const missing = names.filter(
      (name) => (this.processes.get(name)?.child.exitCode ?? this.processes.get(name)?.child.signalCode) !== null,
    );
    await Promise.all(missing.map((name) => this.start(name)));
    await Promise.all(names.map((name) => this.process(name).ready()));
    for (const kind of KINDS) await this.sweep('the first sweep', kind, `status = 'complete'`);
  }

  async ask(path: string, { body, as = ADMIN_HEADER }: { body?: object; as?: object } = {}): Promise<{ status: number; body: unknown }> {
    const answer = await fetch(`${this.process('api').url}${path}`, {
      method: body ? 'POST' : 'GET',
      headers: { ...as, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: await answer.json() };
  }

  async requestSweep(kind: Kind): Promise<SweepView> {
    const { status, body } = await this.ask('/api/v1/sweeps', { body: { kind } });
    if (status !== 202) throw new Error(`The sweep was not accepted: ${status}`);
    return (body as { data: SweepView }).data;
  }

  /** Returns the droplets that the api lists, as facts of the account. */
  async listedDroplets(): Promise<DropletFacts[]> {
    const { body } = await this.ask('/api/v1/inventory?kind=droplet&limit=200');
    return sorted(
      (body as ListAnswer<ResourceView>).data.map((row) => ({
        id: row.provider_id,
        name: row.name,
        region: row.region,
        size: row.size_slug,
        status: row.status,
        tenant: row.tenant_id,
      })),
    );
  }

  /** Waits for the newest sweep of the kind that meets the condition. */
  sweep(what: string, kind: Kind, condition: string, values: readonly unknown[] = []): Promise<SweepView> {
    return until(
      async () => {
        const { rows } = await this.owner.query<SweepView>(
          `select * from cloud_sweeps where kind = '${kind}' and ${condition} order by started_at desc limit 1`,
          [...values],
        );
        return rows[0];
      },
      { what: `${what} (${kind})` },
    );
  }

  /** Waits for another complete sweep of the kind that began after the given one. */
  sweepAfter(before: { readonly id: string }, kind: Kind, and = 'true'): Promise<SweepView> {
    const later = 'started_at > (select started_at from cloud_sweeps where id = $1)';
    return this.sweep('a later sweep', kind, `status = 'complete' and ${later} and ${and}`, [before.id]);
  }

  async hold(path: string): Promise<void> {
    await this.account.hold(path, Object.values(TOKENS));
  }

  /** Returns the worker with the blocked list request, followed by the other worker. */
  async blockedWorker(path: string): Promise<[WorkerName, WorkerName]> {
    return (await this.account.blockedToken(path, Object.values(TOKENS))) === TOKENS.one ? ['one', 'two'] : ['two', 'one'];
  }

  /** Returns every row with its number of events, without the columns that every sweep may update. */
  async recorded(): Promise<unknown> {
    const { rows } = await this.owner.query(
      `select id, kind, provider_id, name, region, status, size_slug, attrs, tenant_id, stale_strike_count, deleted_at,
              (select count(*) from cloud_resource_events e where e.resource_id = r.id) as events
         from cloud_resources r order by id`,
    );
    return rows;
  }

  async strikes(): Promise<number> {
    const { rows } = await this.owner.query<{ struck: number }>(
      `select count(*)::int as struck from cloud_resources where stale_strike_count > 0 or deleted_at is not null`,
    );
    return rows[0]?.struck ?? 0;
  }

  /** Moves all ended sweeps of the kind a day into the past. */
  async letTimePass(kind: Kind): Promise<void> {
    await this.owner.query(
      `update cloud_sweeps set started_at = started_at - interval '1 day', finished_at = finished_at - interval '1 day'
        where kind = $1 and status <> 'running'`,
      [kind],
    );
  }

  async end(): Promise<void> {
    await Promise.all(this.started.map((process) => process.kill()));
    await this.peaks.end();
    await this.queues.close();
    await this.owner.end();
    await this.account.close();
    await this.database.drop();
  }
}
