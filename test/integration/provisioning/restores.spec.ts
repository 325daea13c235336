import { Reaper } from '#libs/provisioning';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { EmbeddedPostgres } from '../../../libs/platform/local-stack/src/embedded-postgres/embedded-postgres';
import { copyOfDatabase, createTestDatabase, migrateAll, type TestDatabase } from '../../support/database';
import { until } from '../../support/until';
import { PLATFORM } from '../../support/principals';
import { newProvisioningWorld, ORDER, type ProvisioningProcess, type ProvisioningWorld } from '../../support/provisioning-world';

const STEPS = `array['create_droplet', 'await_active', 'register_droplet']`;
/** Two accepted orders that no worker has begun. */
const TWO_PENDING = ['web-1', 'web-2']
  .map((name) => `('provision_droplet', '${JSON.stringify({ ...ORDER, name })}', ${STEPS}, 'ada', now() + interval '1 hour')`)
  .join(', ');
const INSERT = `insert into saga_runs (kind, input, steps, created_by, wake_at) values ${TWO_PENDING}`;
const WAKE = `update saga_runs set wake_at = now() where status = 'pending'`;

/** Copies a folder with owners and modes, because the server refuses a folder of another user. */
const copyFolder = (from: string, to: string) => void execFileSync('cp', ['-a', from, to]);

async function asOwnerOf({ ownerUrl }: TestDatabase, statement: string): Promise<void> {
  const owner = new Client({ connectionString: ownerUrl });
  await owner.connect();
  await owner.query(statement);
  await owner.end();
}

/** Waits for completed sagas. The first statements may fail because the connections were just cut. */
async function completed(process: ProvisioningProcess, count: number): Promise<void> {
  const done = async () => {
    const sagas = await process.database.query(`select 1 from saga_runs where status = 'completed'`).catch(() => []);
    return sagas.length === count;
  };
  await until(done, { withinMs: 60_000, what: `${count} completed sagas` });
}

const adopted = (process: ProvisioningProcess) =>
  process.database.query<{ id: string; adopted: boolean }>(
    `select context -> 'create_droplet' ->> 'droplet_id' as id, context -> 'create_droplet' -> 'adopted' as adopted from saga_runs order by id`,
  );
const restoredAt = async (process: ProvisioningProcess) =>
  (await process.database.query<{ at: Date | null }>('select restored_at as at from database_witness'))[0]?.at ?? null;

describe('a database that was copied under another name in the same server', () => {
  let stored: TestDatabase;
  let copy: TestDatabase | undefined;
  let world: ProvisioningWorld;
  beforeEach(async () => {
    stored = await createTestDatabase();
    world = await newProvisioningWorld({ REAPER_GRACE_MS: '60000' }, stored);
  });
  afterEach(async () => {
    await world.close();
    await copy?.drop();
  });

  it.each([
    ['when a worker has run before', true],
    ['when no worker has run before', false],
  ])(
    'adopts the droplets created since the copy, and neither creates them twice nor destroys them, %s (E3) [OPS-8]',
    async (_name, before) => {
      if (before) await world.reap();
      await asOwnerOf(stored, INSERT);
      copy = await copyOfDatabase(stored);
      await asOwnerOf(stored, WAKE);
      await completed(world, 2);
      const made = await world.alive();
      expect(made).toHaveLength(2);

      const restored = await world.another({ DATABASE_URL: copy.appUrl });
      await restored.get(Reaper).noticeRestore();
      await asOwnerOf(copy, WAKE);
      restored.engine.start();
      await completed(restored, 2);
      for (let round = 0; round < 3; round++) await world.reapWith(restored);
      expect(await world.alive()).toEqual(made);
      expect(new Set((await adopted(restored)).map(({ id }) => Number(id)))).toEqual(new Set(made));
      expect((await adopted(restored)).every((one) => one.adopted)).toBe(true);
      expect(await restoredAt(restored)).not.toBeNull();
      expect(await restoredAt(world)).toBeNull();
    },
  );

  it('keeps a droplet created since the copy when its saga is cancelled after the restore, and ends as compensation_failed [OPS-8]', async () => {
    await asOwnerOf(stored, INSERT);
    await world.simulator.setDroplets([]);
    const [id = ''] = (await world.database.query<{ id: string }>('select id from saga_runs order by id')).map((row) => row.id);
    await asOwnerOf(stored, `update saga_runs set restored_at = now()`);
    const tags = ['managed-by-arcadia-cloud', `arcadia-saga-${id}`];
    await world.simulator.setDroplets([{ name: 'in-use', tags, status: 'new' }]);
    await asOwnerOf(stored, `update saga_runs set wake_at = now() where id = '${id}'`);
    await until(async () => (await world.reader.get(PLATFORM, id)).steps[0]?.status === 'completed', { what: 'the adoption' });
    await world.controls.cancel(PLATFORM, id, { by: { sub: 'ada', role: 'platform_admin' } });
    expect((await world.ended(id)).status).toBe('compensation_failed');
    expect(await world.alive()).toHaveLength(1);
  });
});

describe('a copy of the data directory of the server', () => {
  it.each([
    ['by the mark at the provider', true],
    ['by a provider resource that the ledger lacks', false],
  ])('notices the restore %s, creates nothing twice and destroys nothing (E3) [OPS-8]', async (_name, raised) => {
    const folder = mkdtempSync(join(tmpdir(), 'arcadia-restore-'));
    const backup = join(folder, 'backup');
    const server = await EmbeddedPostgres.start({
      homeDir: join(folder, 'home'),
      databases: ['arcadia'],
      durability: 'throwaway',
      wishedPort: 0,
    });
    const { dataDir } = server;
    const stored = { ownerUrl: server.ownerUrl('arcadia'), appUrl: server.appUrl('arcadia'), drop: () => server.stop() };
    await migrateAll(stored.ownerUrl, stored.appUrl);
    const world = await newProvisioningWorld({ REAPER_GRACE_MS: '60000' }, stored);
    try {
      await world.reap();
      await asOwnerOf(stored, INSERT);
      await server.stop();
      copyFolder(dataDir, backup);
      await server.revive();
      await asOwnerOf(stored, WAKE);
      await completed(world, 2);
      const made = await world.alive();
      expect(made).toHaveLength(2);
      if (raised) await world.reap();
      await server.stop();
      rmSync(dataDir, { recursive: true });
      copyFolder(backup, dataDir);
      await server.revive();

      const restored = await world.another();
      expect(await restoredAt(restored)).toBeNull();
      await restored.get(Reaper).noticeRestore();
      expect(await restoredAt(restored)).not.toBeNull();
      await asOwnerOf(stored, WAKE);
      await completed(world, 2);
      for (let round = 0; round < 3; round++) await world.reap();
      expect(await world.alive()).toEqual(made);
      expect((await adopted(restored)).every((one) => one.adopted)).toBe(true);
    } finally {
      await world.close();
      for (const left of [dataDir, folder]) rmSync(left, { recursive: true, force: true });
    }
  });
});
