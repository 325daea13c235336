import { Database } from '#libs/database';
import { testConfig } from './settings';

/** The database client as api and worker create it. */
export function aDatabase(url: string): Database {
  return new Database(testConfig({ DATABASE_URL: url }));
}
