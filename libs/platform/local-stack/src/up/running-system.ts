import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { askToEnd, EmbeddedPostgres } from '../embedded-postgres';
import { scriptOf, type ProcessName } from '../processes/child-script';
import { LaunchError } from '../processes/launch.error';
import { childEnvironment, migrateEnvironment } from './child-environment';
import { get } from './http-probe';
import type { StartPlan } from './start-plan';
import type { ProcessSpec, Supervisor } from './supervisor';

const POLL_MS = 20;
const PATIENCE_MS = 15_000;
/** Longer than recovery of a crashed database takes. */
const READY_LIMIT_MS = 120_000;
const DATABASE_WATCH_MS = 1_000;
const DRAIN_LIMIT_MS = 25_000;

/** Database, simulator, worker and api on this machine, from the first start to the last exit. */
export class RunningSystem {
  private databaseStart: Promise<EmbeddedPostgres> | undefined;
  private database: EmbeddedPostgres | undefined;
  /** Promised, before the database is there. */
  private databaseUrl: string | undefined;
  private watch: NodeJS.Timeout | undefined;
  private reviving: Promise<void> | undefined;
  private revived: () => void = () => undefined;
  private stopping = false;

  constructor(
    private readonly env: NodeJS.ProcessEnv,
    private readonly plan: StartPlan,
    private readonly supervisor: Supervisor,
    private readonly say: (line: string) => void,
  ) {}

  /**
   * Resolves when api and worker are ready. The api starts first, even before its database, since people wait for it; like the worker it waits
   * for server and schema by itself. Throws LaunchError or EmbeddedPostgresError; `stop` is due in any case.
   */
  async boot(): Promise<void> {
    if (this.plan.externalDatabase) this.startFirst(undefined);
    else await this.startDatabase();
    await this.answers('api', `${this.apiUrl}/api/health`);
    if (this.stopping) return;
    this.supervisor.start(this.spec('worker'));
    await Promise.all([this.plan.mayMigrate && this.migrate(), this.answers('worker', `${this.workerUrl}/api/health`)]);
    this.supervisor.settled();
    await Promise.all([
      this.isReady('api', `${this.apiUrl}/api/health/ready`),
      this.isReady('worker', `${this.workerUrl}/api/health/ready`),
    ]);
  }

  get apiUrl(): string {
    return `http://${this.plan.reachableHost}:${this.plan.apiPort}`;
  }

  get workerUrl(): string {
    return `http://${this.plan.reachableHost}:${this.plan.workerPort}`;
  }

  get isStopping(): boolean {
    return this.stopping;
  }

  /** What the processes run with; complete once the database has started. */
  get childEnv(): NodeJS.ProcessEnv {
    return childEnvironment(this.env, this.plan, this.database?.appUrl(this.plan.database) ?? this.databaseUrl);
  }

  pids(): Record<string, number> {
    return { launcher: process.pid, ...this.supervisor.pids(), ...(this.database && { postgres: this.database.pid }) };
  }

  /** Processes drain, the simulator outlives those that call it, the database goes last. */
  async stop(): Promise<void> {
    this.stopping = true;
    clearInterval(this.watch);
    await this.reviving;
    await this.supervisor.stop([['api', 'worker', 'migrate'], ['simulator']], DRAIN_LIMIT_MS);
    await this.databaseStart?.then(
      (database) => database.stop(),
      () => undefined, // it never ran
    );
  }

  /** Nothing is waited for. The database still gets its own orderly end, which needs nobody to watch it. */
  stopAtOnce(): void {
    this.supervisor.killAll();
    if (!this.plan.externalDatabase) askToEnd(this.plan.dataDir);
  }

  /** Calls back when something has been started again: its pid is another one. */
  onChange(tell: () => void): void {
    this.supervisor.on('spawn', tell);
    this.revived = tell;
  }

  private async startDatabase(): Promise<void> {
    const { database, dataDir } = this.plan;
    let promised: string | undefined;
    const onAddress = (appUrl: (database: string) => string) => this.startFirst((promised = appUrl(database)));
    this.databaseStart = EmbeddedPostgres.start({ homeDir: dataDir, databases: [database], durability: 'durable', onAddress });
    this.database = await this.databaseStart;
    if (this.stopping) return;
    this.watchDatabase(this.database);
    if (this.database.appUrl(database) !== promised) await this.supervisor.replace(this.spec('api'));
  }

  /** Those that can wait for the database. */
  private startFirst(databaseUrl: string | undefined): void {
    if (this.stopping) return;
    this.databaseUrl = databaseUrl;
    this.supervisor.start(this.spec('api'));
    if (this.plan.simulator) this.supervisor.start(this.spec('simulator'));
  }

  private spec(name: ProcessName): ProcessSpec {
    const env = this.childEnv;
    if (name === 'simulator') env.HOST = '127.0.0.1'; // whoever reaches its control interface rules the demo, wherever the api listens
    return { name, script: scriptOf(name), env };
  }

  private async migrate(): Promise<void> {
    const { database, plan } = this;
    const urls = database && { ownerUrl: database.ownerUrl(plan.database), appUrl: database.appUrl(plan.database) };
    const env = migrateEnvironment(this.env, plan, urls);
    await once(this.supervisor.start({ name: 'migrate', script: scriptOf('cli'), args: ['migrate'], env, once: true }), 'exit');
  }

  private async answers(name: ProcessName, url: string): Promise<void> {
    const patience = setTimeout(() => this.say(`still waiting for ${name} to answer on ${url}`), PATIENCE_MS);
    while (!this.stopping && (await get(url))?.status !== 200) await sleep(POLL_MS);
    clearTimeout(patience);
  }

  /** An api that only lives would answer what the summary's `curl` asks with 503. */
  private async isReady(name: ProcessName, url: string): Promise<void> {
    const patience = setTimeout(() => this.say(`still waiting for ${name} to be ready on ${url}`), PATIENCE_MS);
    const deadline = Date.now() + READY_LIMIT_MS;
    try {
      for (;;) {
        const answer = await get(url);
        if (this.stopping || answer?.status === 200) return;
        if (Date.now() > deadline) {
          const said = answer?.body ?? 'nothing';
          throw new LaunchError('not_ready', `${name} is not ready after ${READY_LIMIT_MS / 1_000} s; its last answer: ${said}`);
        }
        await sleep(POLL_MS);
      }
    } finally {
      clearTimeout(patience);
    }
  }

  /** Nobody else would start the database again when it was killed; its clients wait for it on the same port. */
  private watchDatabase(database: EmbeddedPostgres): void {
    this.watch = setInterval(() => {
      if (this.reviving || database.isRunning()) return;
      this.say('the embedded PostgreSQL ended; starting it again');
      this.reviving = database
        .revive()
        .then(this.revived, (error: Error) => this.say(error.message))
        .finally(() => (this.reviving = undefined));
    }, DATABASE_WATCH_MS);
  }
}
