import { loadConfig } from '#libs/config';
import { Database } from '#libs/database';

/** The database client as api and worker create it. */
export function aDatabase(url: string): Database {
  return new Database(loadConfig({ DATABASE_URL: url, JWT_SECRET: 's'.repeat(64) }));
}
