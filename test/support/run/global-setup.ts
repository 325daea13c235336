import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { EmbeddedPostgres } from '../../../libs/platform/local-stack/src/embedded-postgres/embedded-postgres';
import { useExternalServer } from './external-server';
import { claimFolder, clearLeftovers, removeFolder } from './leftovers';
import { startRedis } from '../redis-server';
import { onTeardown } from './teardown-list';
import { publishTestRun, RUN_FOLDER_PREFIX } from './test-run';

/**
 * Starts one PostgreSQL and, if a server program is installed, one Redis per jest run. Runs outside jest's module mapping,
 * so nothing here may import #libs.
 */
export default async function globalSetup(): Promise<void> {
  await clearLeftovers();
  const folder = mkdtempSync(`${RUN_FOLDER_PREFIX}${process.pid}-`);
  claimFolder(folder);
  onTeardown(() => removeFolder(folder));
  const id = `${process.pid}_${randomBytes(3).toString('hex')}`;
  const { TEST_DATABASE_URL } = process.env;
  await Promise.all([TEST_DATABASE_URL ? useExternalServer(id, TEST_DATABASE_URL) : useEmbeddedServer(id, folder), startRedis(folder)]);
}

async function useEmbeddedServer(id: string, folder: string): Promise<void> {
  const server = await EmbeddedPostgres.start({ homeDir: folder, databases: [], durability: 'throwaway', wishedPort: 0 });
  const app = new URL(server.appUrl('postgres'));
  publishTestRun({ id, ownerUrl: server.ownerUrl('postgres'), appRole: app.username, appPassword: app.password });
}
