import { once } from 'node:events';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedPostgres, requestShutdown } from './embedded-postgres/embedded-postgres';
import { LaunchError } from './local-stack.errors';
import { childEnvironment, migrateEnvironment, type StartPlan } from './start-plan';
import type { ProcessSpec, Supervisor } from './supervisor';
import type { TerminalOutput } from './terminal-output';

/** The deployables: `npm start` runs them as children, `npm run start:<name>` runs one in its own process. */
export type ProcessName = 'api' | 'worker' | 'simulator';

const POLL_MS = 20;
const CALL_LIMIT_MS = 2_000;
const STILL_WAITING_AFTER_MS = 15_000;
/** Longer than recovery of a crashed database takes. */
const READY_LIMIT_MS = 120_000;
const DATABASE_CHECK_MS = 1_000;
const DRAIN_LIMIT_MS = 25_000;

/** Database, simulator, worker and api on this machine, from the first start to the last exit. */
export class RunningSystem {
  private databaseStart: Promise<EmbeddedPostgres> | undefined;
  private database: EmbeddedPostgres | undefined;
  /** The announced address, until the database has started. */
  private databaseUrl: string | undefined;
  private databaseCheck: NodeJS.Timeout | undefined;
  private reviving: Promise<void> | undefined;
  private onDatabaseRevived: () => void = () => undefined;
  private stopping = false;

  constructor(
    private readonly env: NodeJS.ProcessEnv,
    private readonly plan: StartPlan,
    private readonly supervisor: Supervisor,
    private readonly output: Pick<TerminalOutput, 'log' | 'progress'>,
  ) {}

  /**
   * Resolves when api and worker are ready. The api starts first, even before its database, because a person waits for it; like the worker
   * it waits for server and schema by itself. Throws LaunchError or EmbeddedPostgresError. Call `stop` in any case.
   */
  async boot(): Promise<void> {
    if (this.plan.externalDatabase) this.startFirst(undefined);
    else {
      this.output.progress('starting PostgreSQL, the api and the simulator (the first start creates the database)');
      await this.startDatabase();
    }
    await this.waitForAnswer('api', `${this.apiUrl}/api/health`);
    if (this.stopping) return;
    this.output.progress(this.plan.mayMigrate ? 'starting the worker and applying migrations' : 'starting the worker');
    this.supervisor.start(this.spec('worker'));
    await Promise.all([this.plan.mayMigrate && this.migrate(), this.waitForAnswer('worker', `${this.workerUrl}/api/health`)]);
    this.supervisor.bootCompleted();
    this.output.progress('waiting until api and worker are ready');
    await Promise.all([
      this.waitUntilReady('api', `${this.apiUrl}/api/health/ready`),
      this.waitUntilReady('worker', `${this.workerUrl}/api/health/ready`),
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

  /** The environment of the processes; complete once the database has started. */
  get childEnv(): NodeJS.ProcessEnv {
    return childEnvironment(this.env, this.plan, this.database?.appUrl(this.plan.database) ?? this.databaseUrl);
  }

  pids(): Record<string, number> {
    return { launcher: process.pid, ...this.supervisor.pids(), ...(this.database && { postgres: this.database.pid }) };
  }

  /** Processes drain first, the simulator ends after its clients, the database last. */
  async stop(): Promise<void> {
    this.stopping = true;
    clearInterval(this.databaseCheck);
    await this.reviving;
    await this.supervisor.stop([['api', 'worker', 'migrate'], ['simulator']], DRAIN_LIMIT_MS);
    await this.databaseStart?.then(
      (database) => database.stop(),
      () => undefined, // it never ran
    );
  }

  /** Kills the processes and waits for nothing. The database still ends in order, by itself. */
  stopAtOnce(): void {
    this.supervisor.killAll();
    if (!this.plan.externalDatabase) requestShutdown(this.plan.dataDir);
  }

  /** Calls `listener` when a process was started again, because its pid has changed. */
  onChange(listener: () => void): void {
    this.supervisor.on('spawn', listener);
    this.onDatabaseRevived = listener;
  }

  private async startDatabase(): Promise<void> {
    const { database, dataDir } = this.plan;
    let announced: string | undefined;
    const onAddress = (appUrl: (database: string) => string) => this.startFirst((announced = appUrl(database)));
    this.databaseStart = EmbeddedPostgres.start({ homeDir: dataDir, databases: [database], durability: 'durable', onAddress });
    this.database = await this.databaseStart;
    if (this.stopping) return;
    this.reviveWhenKilled(this.database);
    if (this.database.appUrl(database) !== announced) await this.supervisor.replace(this.spec('api'));
  }

  /** Starts the processes that can wait for the database. */
  private startFirst(databaseUrl: string | undefined): void {
    if (this.stopping) return;
    this.databaseUrl = databaseUrl;
    this.supervisor.start(this.spec('api'));
    if (this.plan.simulator) this.supervisor.start(this.spec('simulator'));
  }

  private spec(name: ProcessName): ProcessSpec {
    const env = this.childEnv;
    if (name === 'simulator') env.HOST = '127.0.0.1'; // its control interface changes the demo account, so it never listens elsewhere
    return { name, script: scriptOf(name), env };
  }

  private async migrate(): Promise<void> {
    const { database, plan } = this;
    const urls = database && { ownerUrl: database.ownerUrl(plan.database), appUrl: database.appUrl(plan.database) };
    const env = migrateEnvironment(this.env, plan, urls);
    await once(this.supervisor.start({ name: 'migrate', script: scriptOf('cli'), args: ['migrate'], env, once: true }), 'exit');
  }

  /** Waits without a limit: a process that cannot start ends, and the supervisor reports that. */
  private waitForAnswer(name: ProcessName, url: string): Promise<void> {
    return this.waitFor200(url, `still waiting for ${name} to answer on ${url}`, () => undefined);
  }

  /** Needed before the summary is printed: the summary's `curl` gets a 503 from an api that is alive but not ready. */
  private waitUntilReady(name: ProcessName, url: string): Promise<void> {
    const deadline = Date.now() + READY_LIMIT_MS;
    return this.waitFor200(url, `still waiting for ${name} to be ready on ${url}`, (body) => {
      if (Date.now() <= deadline) return;
      throw new LaunchError('not_ready', `${name} is not ready after ${READY_LIMIT_MS / 1_000} s; its last answer: ${body ?? 'nothing'}`);
    });
  }

  private async waitFor200(url: string, stillWaiting: string, afterFailure: (body: string | undefined) => void): Promise<void> {
    const timer = setTimeout(() => this.output.log(stillWaiting), STILL_WAITING_AFTER_MS);
    try {
      while (!this.stopping) {
        const response = await httpGet(url);
        if (response?.status === 200) return;
        if (!this.stopping) afterFailure(response?.body);
        await sleep(POLL_MS);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** The launcher is the only process that restarts a killed database. Clients find it again on the same port. */
  private reviveWhenKilled(database: EmbeddedPostgres): void {
    this.databaseCheck = setInterval(() => {
      if (this.reviving || database.isRunning()) return;
      this.output.log('the embedded PostgreSQL ended; starting it again');
      this.reviving = database
        .revive()
        .then(this.onDatabaseRevived, (error: Error) => this.output.log(error.message))
        .finally(() => (this.reviving = undefined));
    }, DATABASE_CHECK_MS);
  }
}

/** The built script of a process, in `dist/apps`. */
export function scriptOf(name: ProcessName | 'cli'): string {
  return join(__dirname, '../../../../apps', name, 'src', 'main.js');
}

interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

export type HttpMethod = 'GET' | 'PATCH' | 'POST' | 'PUT';

/** One GET; undefined when no response arrives within 2 s. Node's own http is used because `fetch` loads another 30 ms of code. */
export function httpGet(url: string, token?: string): Promise<HttpAnswer | undefined> {
  return httpCall(url, 'GET', { token });
}

/** One change with a JSON body; undefined when no response arrives within 2 s. */
export function httpSend(
  method: Exclude<HttpMethod, 'GET'>,
  url: string,
  token: string,
  body: Readonly<Record<string, unknown>>,
): Promise<HttpAnswer | undefined> {
  return httpCall(url, method, { token, body });
}

interface HttpRequest {
  readonly token?: string | undefined;
  readonly body?: Readonly<Record<string, unknown>> | undefined;
  readonly limitMs?: number;
}

/** One request; undefined when no response arrives within the limit. */
export function httpCall(
  url: string,
  method: HttpMethod,
  { token, body: given, limitMs = CALL_LIMIT_MS }: HttpRequest,
): Promise<HttpAnswer | undefined> {
  const sent = given && JSON.stringify(given);
  return new Promise((resolve) => {
    const headers = { ...(token && { authorization: `Bearer ${token}` }), ...(sent && { 'content-type': 'application/json' }) };
    const call = request(url, { method, timeout: limitMs, agent: false, headers }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.on('error', () => resolve(undefined));
    });
    call.on('timeout', () => call.destroy());
    call.on('error', () => resolve(undefined));
    call.end(sent);
  });
}
