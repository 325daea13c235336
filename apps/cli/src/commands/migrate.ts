import { PROJECT_NAMES } from '#libs/accounts';
import { chainFunctions } from '#libs/audit';
import { CATALOG_RATES } from '#libs/catalog';
import { migrate as applyMigrations, type RepeatableSql } from '#libs/database';
import { RATE_LIMITER_FUNCTIONS } from '#libs/digitalocean';
import { LOOSE_EQUALITY } from '#libs/drift';
import { APPEND_ONLY_STREAMS, INVENTORY_SQL } from '#libs/inventory';
import { prepareQueueSchema } from '#libs/queues';
import { parseFlags } from '../command-line';
import { LaunchError } from '#libs/local-stack';
import { withCommandDatabase } from './command-database';

const USAGE = `npm run migrate
  Applies missing migrations and changed functions, and prepares the schema of the queues, as DATABASE_OWNER_URL; without it as DATABASE_URL (not in production);
  without both on the embedded PostgreSQL of DATA_DIR, which is started for the command if npm start does not run it.`;

/** The functions and views of all libraries, each after those that it uses. A test compares the list with the files of `functions/`. */
export const REPEATABLE_SQL: readonly RepeatableSql[] = [
  ...RATE_LIMITER_FUNCTIONS,
  ...chainFunctions(APPEND_ONLY_STREAMS),
  ...CATALOG_RATES,
  ...INVENTORY_SQL,
  ...PROJECT_NAMES,
  ...LOOSE_EQUALITY,
];

const log = (line: string): void => void process.stderr.write(`migrate: ${line}\n`);

export function migrate(args: readonly string[]): Promise<number> {
  parseFlags(args, USAGE, {});
  return withCommandDatabase(({ appUrl, ownerUrl, production }) => apply(ownerUrl ?? urlOfApp(appUrl, production), appUrl));
}

function urlOfApp(appUrl: string | undefined, production: boolean): string {
  if (production || appUrl === undefined) {
    throw new LaunchError(
      'launch_configuration_invalid',
      'DATABASE_OWNER_URL is not set: in production the role of DATABASE_URL must not migrate',
    );
  }
  log('warning: DATABASE_OWNER_URL is not set, so DATABASE_URL migrates; api and worker then own the tables, which they should only use');
  return appUrl;
}

async function apply(ownerUrl: string, appUrl: string | undefined): Promise<number> {
  const applied = await applyMigrations(ownerUrl, { ...(appUrl !== undefined && { appUrl }), repeatable: REPEATABLE_SQL, log });
  await prepareQueueSchema(ownerUrl);
  if (applied.length === 0) log('the schema is up to date');
  return 0;
}
