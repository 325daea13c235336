import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, type QueryResultRow } from 'pg';
import { EmbeddedPostgres } from '../../libs/platform/local-stack/src/embedded-postgres/embedded-postgres';
import { limitTenants } from './factories';
import { SpawnedProcess } from './processes/spawned-process';
import { JWT_SECRET } from './settings';
import { loseQueueData } from './queue-data';
import { until } from './until';
import { migrateAll } from './database';

/**
 * Records each change of a step's status with the epoch of the writer. The ledger itself keeps only the last status.
 * The table belongs to the database of the test, not to the product.
 */
const WITNESS = `
create table witness (saga_id uuid, step_idx int, status text, epoch bigint, at timestamptz default clock_timestamp());
create function note_step() returns trigger language plpgsql security definer as $$
begin
  if tg_op = 'INSERT' or new.status is distinct from old.status then
    insert into witness (saga_id, step_idx, status, epoch) select new.saga_id, new.step_idx, new.status, r.epoch from saga_runs r where r.id = new.saga_id;
  end if;
  return new;
end $$;
create trigger witness after insert or update on saga_steps for each row execute function note_step();`;

/** A PostgreSQL server that the test may restart, with an api and workers that run as separate processes. */
export class ChaosWorld {
  readonly workers: SpawnedProcess[] = [];

  private constructor(
    private readonly homeDir: string,
    private server: EmbeddedPostgres,
    private readonly port: number,
    private readonly env: NodeJS.ProcessEnv,
    readonly api: SpawnedProcess,
    private owner: Client,
  ) {}

  /** `settings` go to the api and to every worker. */
  static async create(workers: number, settings: Record<string, string> = {}): Promise<ChaosWorld> {
    const homeDir = mkdtempSync(join(tmpdir(), 'arcadia-chaos-'));
    const server = await EmbeddedPostgres.start({ homeDir, databases: ['chaos'], durability: 'durable', wishedPort: 0 });
    await migrateAll(server.ownerUrl('chaos'), server.appUrl('chaos'));
    const env = { JWT_SECRET, DATABASE_URL: server.appUrl('chaos'), NODE_ENV: 'test', LOG_LEVEL: 'warn', ...settings };
    const owner = await session(server.ownerUrl('chaos'));
    await owner.query(WITNESS);
    await limitTenants(owner);
    const api = await SpawnedProcess.start('api', env);
    const port = Number(new URL(server.ownerUrl('chaos')).port);
    const world = new ChaosWorld(homeDir, server, port, env, api, owner);
    for (let nth = 0; nth < workers; nth += 1) world.workers.push(await world.startWorker());
    await Promise.all([api, ...world.workers].map((process) => process.ready(30_000)));
    return world;
  }

  /** The environment of the started processes. */
  get environment(): Record<string, string> {
    return { ...this.env } as Record<string, string>;
  }

  startWorker(): Promise<SpawnedProcess> {
    return SpawnedProcess.start('worker', { ...this.env, WORKER_QUEUES: 'provisioning', SCHEDULES: 'off' });
  }

  /** Runs a statement, and runs it again after a restart of the server. */
  async query<R extends QueryResultRow>(text: string, values: unknown[] = []): Promise<R[]> {
    try {
      return (await this.owner.query<R>(text, values)).rows;
    } catch (error) {
      if (!isOutage(error)) throw error;
      await this.reconnect();
      return (await this.owner.query<R>(text, values)).rows;
    }
  }

  loseQueues(): Promise<void> {
    return loseQueueData(this.owner, undefined, '');
  }

  /** Blocks every write to the ledger while `work` runs, so that a worker stays in its write and keeps its lease. */
  whileNothingIsRecorded(work: () => Promise<void>): Promise<void> {
    return this.whileLocked('lock table saga_steps in share row exclusive mode', [], work);
  }

  /** Blocks the writes to the ledger row of one begun step while `work` runs. Other steps can be written. */
  whileStepIsKept(sagaId: string, stepIdx: number, work: () => Promise<void>): Promise<void> {
    return this.whileLocked('select 1 from saga_steps where saga_id = $1 and step_idx = $2 for update', [sagaId, stepIdx], work);
  }

  async restartPostgres(): Promise<void> {
    await this.server.stop();
    this.server = await EmbeddedPostgres.start({
      homeDir: this.homeDir,
      databases: ['chaos'],
      durability: 'durable',
      wishedPort: this.port,
    });
    await this.reconnect();
  }

  async end(): Promise<void> {
    for (const process of [this.api, ...this.workers]) await process.kill();
    await this.owner.end().catch(() => undefined);
    await this.server.stop();
    rmSync(this.homeDir, { recursive: true, force: true });
  }

  private async whileLocked(statement: string, values: unknown[], work: () => Promise<void>): Promise<void> {
    const lock = await session(this.server.ownerUrl('chaos'));
    try {
      await lock.query('begin');
      await lock.query(statement, values);
      await work();
    } finally {
      await lock.end();
    }
  }

  private async reconnect(): Promise<void> {
    await until(async () => {
      try {
        this.owner = await session(this.server.ownerUrl('chaos'));
        return true;
      } catch {
        return false;
      }
    });
  }
}

async function session(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined); // The next query fails with the error.
  await client.connect();
  return client;
}

function isOutage(error: unknown): boolean {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  return code.startsWith('57') || code.startsWith('ECONN') || /terminated|not queryable|closed/i.test(message);
}
