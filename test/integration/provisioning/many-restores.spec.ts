import { Reaper } from '#libs/provisioning';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Client, escapeIdentifier } from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { EmbeddedPostgres } from '../../../libs/platform/local-stack/src/embedded-postgres/embedded-postgres';
import { migrateAll } from '../../support/database';
import { newProvisioningWorld, ORDER, type ProvisioningProcess } from '../../support/provisioning-world';
import { until } from '../../support/until';

/** Every way is repeated on what the previous restore has left, as in a service that lives long. */
const RESTORES = Number(process.env.RESTORES ?? (process.env.TEST_LONG ? 20 : 1));
const STEPS = `array['create_droplet', 'await_active', 'register_droplet']`;
const WAKE = `update saga_runs set wake_at = now() where status = 'pending'`;
const DATABASE = 'arcadia';

interface Stored {
  readonly server: EmbeddedPostgres;
  readonly database: string;
}

/** How a backup is taken, and how the service gets it back. */
interface Way {
  readonly name: string;
  /** Returns the restore. It runs while no saga does, and returns where the service finds its data afterwards. */
  readonly backup: (stored: Stored, folder: string) => Promise<() => Promise<Stored>>;
}

const copyFolder = (from: string, to: string) => void execFileSync('cp', ['-a', `${from}/.`, to]);

async function asOwner<T>({ server, database }: Stored, work: (owner: Client) => Promise<T>): Promise<T> {
  const owner = new Client({ connectionString: server.ownerUrl(database) });
  await owner.connect();
  try {
    return await work(owner);
  } finally {
    await owner.end();
  }
}

async function replaceDataDir({ server }: Stored, backup: string): Promise<void> {
  await server.stop();
  execFileSync('find', [server.dataDir, '-mindepth', '1', '-delete']);
  copyFolder(backup, server.dataDir);
  await server.revive();
}

/** A copy of the folder of a stopped server, as a snapshot of its disk. */
const dataDirectory: Way = {
  name: 'a copy of the data directory',
  backup: async (stored, folder) => {
    const backup = mkdtempSync(join(folder, 'directory-'));
    await stored.server.stop();
    copyFolder(stored.server.dataDir, backup);
    await stored.server.revive();
    return async () => {
      await replaceDataDir(stored, backup);
      return stored;
    };
  },
};

/** PostgreSQL's own protocol for a backup of a running server, which `pg_basebackup` uses as well. */
const baseBackup: Way = {
  name: 'a base backup',
  backup: async (stored, folder) => {
    const backup = mkdtempSync(join(folder, 'base-'));
    await asOwner(stored, async (owner) => {
      await owner.query(`select pg_backup_start('test', true)`);
      copyFolder(stored.server.dataDir, backup);
      const { rows } = await owner.query<{ labelfile: string }>('select labelfile from pg_backup_stop(false)');
      copyFolder(join(stored.server.dataDir, 'pg_wal'), join(backup, 'pg_wal'));
      writeFileSync(join(backup, 'backup_label'), rows[0]?.labelfile ?? '');
      execFileSync('chown', [`--reference=${join(backup, 'PG_VERSION')}`, join(backup, 'backup_label')]);
      rmSync(join(backup, 'postmaster.pid'), { force: true });
    });
    return async () => {
      await replaceDataDir(stored, backup);
      return stored;
    };
  },
};

/** The rows of all tables, as `pg_dump --data-only` and `pg_restore` carry them, in a schema that `migrate` creates. */
async function copyRows(from: Stored, to: Stored): Promise<void> {
  await migrateAll(to.server.ownerUrl(to.database), to.server.appUrl(to.database));
  await asOwner(from, (source) =>
    asOwner(to, async (target) => {
      await target.query(`set session_replication_role = 'replica'`);
      const { rows: tables } = await source.query<{ name: string; columns: string[] }>(
        `select c.table_schema || '.' || quote_ident(c.table_name) as name, array_agg(quote_ident(c.column_name)) as columns
           from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
          where c.table_schema in ('public', 'bullmq') and t.table_type = 'BASE TABLE' and c.is_generated = 'NEVER' group by 1`,
      );
      for (const { name, columns } of tables) {
        const list = columns.join(', ');
        await target.query(`delete from ${name}`);
        await pipeline(
          source.query(copyTo(`copy (select ${list} from ${name}) to stdout`)),
          target.query(copyFrom(`copy ${name} (${list}) from stdin`)),
        );
      }
      const { rows: sequences } = await source.query<{ name: string; value: string | null }>(
        `select quote_ident(schemaname) || '.' || quote_ident(sequencename) as name, last_value as value from pg_sequences
          where schemaname in ('public', 'bullmq')`,
      );
      for (const { name, value } of sequences) {
        if (value !== null) await target.query(`create sequence if not exists ${name}`);
        if (value !== null) await target.query('select setval($1, $2)', [name, value]);
      }
    }),
  );
}

async function newDatabase(server: EmbeddedPostgres, prefix: string): Promise<Stored> {
  const database = `${prefix}_${process.hrtime.bigint()}`;
  await asOwner({ server, database: 'postgres' }, (owner) =>
    owner.query(`create database ${escapeIdentifier(database)} template template0`),
  );
  return { server, database };
}

/** The dump is kept as a database of its own that no process uses, and restored under another name. */
const sameServer: Way = {
  name: 'a dump that is restored under another name in the same server',
  backup: async (stored) => {
    const dump = await newDatabase(stored.server, 'dump');
    await copyRows(stored, dump);
    return async () => {
      const restored = await newDatabase(stored.server, 'restored');
      await copyRows(dump, restored);
      return restored;
    };
  },
};

const otherServers: EmbeddedPostgres[] = [];
const otherServer: Way = {
  name: 'a dump that is restored in another server',
  backup: async (stored, folder) => {
    const dump = await newDatabase(stored.server, 'dump');
    await copyRows(stored, dump);
    return async () => {
      const homeDir = mkdtempSync(join(folder, 'server-'));
      const server = await EmbeddedPostgres.start({ homeDir, databases: [DATABASE], durability: 'throwaway', wishedPort: 0 });
      otherServers.push(server);
      const restored = { server, database: DATABASE };
      await copyRows(dump, restored);
      return restored;
    };
  },
};

const WAYS: readonly Way[] = process.env.TEST_LONG ? [dataDirectory, baseBackup, sameServer, otherServer] : [baseBackup, otherServer];

const completedSagas = async (process: ProvisioningProcess) =>
  (await process.database.query(`select 1 from saga_runs where status = 'completed'`).catch(() => [])).length;
const restoredAt = async (process: ProvisioningProcess) =>
  (await process.database.query<{ at: Date | null }>('select restored_at as at from database_witness'))[0]?.at?.getTime() ?? 0;

it.each(WAYS)(
  `notices each of ${RESTORES} restores from $name, destroys nothing and creates nothing twice (E3) [OPS-8]`,
  async ({ backup }) => {
    const folder = mkdtempSync(join(tmpdir(), 'arcadia-restores-'));
    const server = await EmbeddedPostgres.start({
      homeDir: join(folder, 'home'),
      databases: [DATABASE],
      durability: 'throwaway',
      wishedPort: 0,
    });
    let stored: Stored = { server, database: DATABASE };
    await migrateAll(server.ownerUrl(DATABASE), server.appUrl(DATABASE));
    const first = { ownerUrl: server.ownerUrl(DATABASE), appUrl: server.appUrl(DATABASE), drop: () => server.stop() };
    const world = await newProvisioningWorld({ REAPER_GRACE_MS: '60000' }, first);
    let current: ProvisioningProcess = world;
    try {
      for (let nth = 1; nth <= RESTORES; nth++) {
        await world.reapWith(current);
        const orders = ['a', 'b'].map(
          (one) =>
            `('provision_droplet', '${JSON.stringify({ ...ORDER, name: `web-${nth}-${one}` })}', ${STEPS}, 'ada', now() + interval '1 hour')`,
        );
        await asOwner(stored, (owner) =>
          owner.query(`insert into saga_runs (kind, input, steps, created_by, wake_at) values ${orders.join(', ')}`),
        );
        const restore = await backup(stored, folder);
        await asOwner(stored, (owner) => owner.query(WAKE));
        await until(async () => (await completedSagas(current)) === 2 * nth, { withinMs: 60_000, what: `the sagas before restore ${nth}` });
        const made = await world.alive();
        expect(made).toHaveLength(2 * nth);
        await current.engine.drain();

        stored = await restore();
        const restored = await world.another({ DATABASE_URL: stored.server.appUrl(stored.database) });
        const noticedBefore = await restoredAt(restored);
        await restored.get(Reaper).noticeRestore();
        expect(await restoredAt(restored)).toBeGreaterThan(noticedBefore);
        await asOwner(stored, (owner) => owner.query(WAKE));
        restored.engine.start();
        await until(async () => (await completedSagas(restored)) === 2 * nth, { withinMs: 60_000, what: `the sagas after restore ${nth}` });
        for (let round = 0; round < 3; round++) await world.reapWith(restored);
        expect(await world.alive()).toEqual(made);
        current = restored;
      }
    } finally {
      await world.close();
      for (const other of otherServers.splice(0)) await other.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
  120_000 + RESTORES * 60_000,
);
