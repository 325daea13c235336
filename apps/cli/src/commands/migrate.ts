import { loadConfig } from '#libs/config';
import { migrate as applyMigrations } from '#libs/database';
import { prepareQueueSchema } from '#libs/queues';
import { parseFlags } from '../command-line';
import { EmbeddedPostgres, readRunning } from '../embedded-postgres';
import { LaunchError } from '../processes/launch.error';
import { DataDirLock } from '../up/data-dir-lock';
import { planStart } from '../up/start-plan';

const USAGE = `npm run migrate
  Applies the migrations that are missing and prepares the queues' schema, as DATABASE_OWNER_URL; without it as DATABASE_URL (not in production); without both on the
  embedded PostgreSQL of DATA_DIR, which is started for it when npm start does not have it running.`;

const say = (line: string): void => void process.stderr.write(`migrate: ${line}\n`);

export async function migrate(args: readonly string[]): Promise<number> {
  parseFlags(args, USAGE, {});
  const config = loadConfig(process.env, 'migration');
  const { externalDatabase, dataDir, database } = planStart(process.env);
  const ownerUrl = config.database.ownerUrl?.();
  if (ownerUrl !== undefined) return apply(ownerUrl, externalDatabase ? config.database.url() : undefined);
  if (externalDatabase) return applyAsApp(config.database.url(), config.production);
  const running = readRunning(dataDir);
  if (running) return apply(running.ownerUrl(database), running.appUrl(database));
  const lock = await DataDirLock.take(dataDir);
  try {
    const server = await EmbeddedPostgres.start({ homeDir: dataDir, databases: [database], durability: 'durable' });
    try {
      return await apply(server.ownerUrl(database), server.appUrl(database));
    } finally {
      await server.stop();
    }
  } finally {
    lock.release();
  }
}

function applyAsApp(url: string, production: boolean): Promise<number> {
  if (production) {
    throw new LaunchError(
      'launch_configuration_invalid',
      'DATABASE_OWNER_URL is not set: in production the role of DATABASE_URL must not migrate',
    );
  }
  say('warning: DATABASE_OWNER_URL is not set, so DATABASE_URL migrates; api and worker then own the tables they should only use');
  return apply(url, url);
}

async function apply(ownerUrl: string, appUrl: string | undefined): Promise<number> {
  const applied = await applyMigrations(ownerUrl, { ...(appUrl !== undefined && { appUrl }), log: say });
  await prepareQueueSchema(ownerUrl);
  if (applied.length === 0) say('the schema is up to date');
  return 0;
}
