import { loadConfig } from '#libs/config';
import { Database } from '#libs/database';

/** The door as api and worker have it. */
export function aDatabase(url: string): Database {
  return new Database(loadConfig({ DATABASE_URL: url, JWT_SECRET: 's'.repeat(64) }));
}
