import { verifyChain, type Finding } from '#libs/audit';
import { platformConnectionString, withSession } from '#libs/database';
import { Client } from 'pg';
import { APPEND_ONLY_STREAMS } from '#libs/inventory';
import { startSimulator, type RunningSimulator } from '../../../apps/simulator/src';
import { SimulatorClient } from '../../support/simulator-client';
import { migrations } from '../../../libs/platform/database/src/migrations';
import { migrateProcess } from '../../support/processes/migrate-process';
import { JWT_SECRET } from '../../support/settings';
import { QueueStorage } from '../../support/processes/queue-storage';
import { SpawnedProcess } from '../../support/processes/spawned-process';
import type { TestDatabase } from '../../support/database';
import { until } from '../../support/until';
import { createOlderDatabase, fillOlderDatabase, LAST_MIGRATION } from './older-database';
import { differences, recorded, type RecordedStatement } from './recorded-release';

/** The processes of this build that start after each release. Several processes find faults that one does not. */
const STARTED = {
  'before-renovation': { migrations: 3, apis: 2, workers: 2 },
  '0.2.0': { migrations: 2, apis: 1, workers: 2 },
} as const;
type Release = keyof typeof STARTED;
const READY_WITHIN_MS = 60_000;
const times = <T>(n: number, make: () => Promise<T>): Promise<T>[] => Array.from({ length: n }, make);

/** The data that the older release recorded, by its columns. */
const KEPT = {
  resources:
    'select id, account_id, kind, provider_id, first_seen_at from cloud_resources where recorded_at < $1 or first_seen_at < $1 order by id',
  events:
    'select seq, id, resource_id, tenant_id, type, source, at, changes, sweep_id from cloud_resource_events where at < $1 order by seq',
  audit: 'select seq, id, at, actor, actor_role, action, target_type, target_id, reason, details from audit_log where at < $1 order by seq',
  sagas: `select id, kind, tenant_id, input, context, steps, status, created_by, created_at, finished_at from saga_runs where status = 'completed' and finished_at < $1 order by id`,
} as const;

/**
 * The processes of the previous release, as the database sees them: all their recorded statements, repeated while the new
 * processes work.
 */
class PreviousRelease {
  readonly found: string[] = [];
  /** The number of times that all statements were executed. */
  rounds = 0;
  private ended = false;
  private readonly speaking: Promise<void>;

  constructor(
    private readonly on: Client,
    release: Release,
  ) {
    this.speaking = this.speak(recorded(release, 'statements.json') as RecordedStatement[]);
  }

  async end(): Promise<void> {
    this.ended = true;
    await this.speaking;
  }

  private async speak(statements: readonly RecordedStatement[]): Promise<void> {
    while (!this.ended) {
      for (const statement of statements) this.found.push(...(await differences(this.on, statement)));
      this.rounds += 1;
    }
  }
}

describe.each(Object.keys(STARTED) as Release[])('a database as the release %s left it, with months of data', (release) => {
  const started = STARTED[release];
  let provider: RunningSimulator;
  let database: TestDatabase;
  let owner: Client;
  let old: Client;
  let queues: QueueStorage;
  const running: SpawnedProcess[] = [];
  beforeAll(async () => {
    provider = await startSimulator();
    database = await createOlderDatabase(release);
    owner = new Client({ connectionString: database.ownerUrl });
    old = new Client({ connectionString: platformConnectionString(database.appUrl) });
    await Promise.all([owner.connect(), old.connect()]);
    queues = new QueueStorage('postgres', owner, database.appUrl);
    await fillOlderDatabase((text, values) => owner.query(text, values), new SimulatorClient(provider.url));
  });
  afterAll(async () => {
    await Promise.all(running.map((process) => process.kill()));
    await Promise.all([queues.close(), owner.end(), old.end()]);
    await provider.close();
    await database.drop();
  });

  async function kept(before: Date): Promise<Record<string, unknown[]>> {
    const found: Record<string, unknown[]> = {};
    for (const [what, text] of Object.entries(KEPT)) found[what] = (await owner.query(text, [before])).rows;
    return found;
  }

  it('is migrated once while processes start and the previous release continues, and afterwards all are ready with complete data [OPS-5]', async () => {
    const [{ now }] = (await owner.query<{ now: Date }>('select clock_timestamp() as now')).rows as [{ now: Date }];
    const before = await kept(now);
    expect(Object.entries(before).map(([what, rows]) => [what, rows.length])).toEqual([['resources', 62], ['events', 6_200], ['audit', 500], ['sagas', 1]]); // prettier-ignore
    const previous = new PreviousRelease(old, release);
    await until(() => previous.rounds > 0, { what: 'the previous release, on its own schema' });

    const api = { NODE_ENV: 'test', JWT_SECRET, DATABASE_URL: database.appUrl, DATABASE_POOL_SIZE: '3', ...queues.env };
    const worker = { ...api, DO_API_URL: provider.url, DO_API_TOKEN: provider.token, AUDIT_SEAL_MS: '500' };
    const migrating = times(started.migrations, () => migrateProcess({ ...api, DATABASE_OWNER_URL: database.ownerUrl }));
    const starting = [
      ...times(started.apis, () => SpawnedProcess.start('api', api)),
      ...times(started.workers, () => SpawnedProcess.start('worker', worker)),
    ];
    running.push(...(await Promise.all(starting)));
    const migrated = await Promise.all(migrating);
    expect(migrated.map(({ code }) => code)).toEqual(migrated.map(() => 0));
    const missing = migrations.map(({ name }) => name).slice(migrations.findIndex(({ name }) => name === LAST_MIGRATION[release]) + 1);
    const applied = migrated.flatMap(({ output }) => [...output.matchAll(/applied (\w+)/g)].map(([, name]) => name ?? ''));
    expect(applied.toSorted()).toEqual(missing.toSorted());
    await Promise.all(running.map((process) => process.ready(READY_WITHIN_MS)));

    const { rounds } = previous;
    const done = async (text: string) => (await owner.query(text, [now])).rows.length > 0;
    await until(() => done(`select 1 from cloud_sweeps where kind = 'droplet' and status = 'complete' and started_at > $1`), { withinMs: 60_000, what: 'a sweep' }); // prettier-ignore
    await until(() => done(`select 1 from saga_runs where kind = 'demo' and status = 'completed' and finished_at > $1`), { withinMs: 60_000, what: 'the saga that the previous release had accepted' }); // prettier-ignore
    await until(() => previous.rounds > rounds + 1, { withinMs: 60_000, what: 'a whole round of the previous release beside the new one' });
    await previous.end();
    expect(previous.found).toEqual([]);
    expect(await kept(now)).toEqual(before);
    expect((await owner.query(`select 1 from cloud_resources where deleted_at is not null`)).rows).toEqual([]);
    expect(running.filter(({ hasEnded }) => hasEnded).map(({ output }) => output)).toEqual([]);
  });

  it('has all of its records in the chain [INV-14]', async () => {
    await until(async () => (await owner.query('select 1 from record_waiting limit 1')).rows.length === 0, { what: 'everything linked' });
    const findings: Finding[] = [];
    const { rows } = await withSession(database.ownerUrl, 'owner', (session) =>
      verifyChain(session, { streams: APPEND_ONLY_STREAMS, keepDays: 400 }, (finding) => findings.push(finding)),
    );
    expect(findings).toEqual([]);
    expect(rows).toBeGreaterThan(6_700);
  });

  it('lets all processes exit with 0 when they are stopped at once [OPS-6]', async () => {
    for (const process of running) process.child.kill('SIGTERM');
    expect(await Promise.all(running.map((process) => process.exit()))).toEqual(running.map(() => 0));
  });
});
