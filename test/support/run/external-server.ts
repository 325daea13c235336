import { randomBytes } from 'node:crypto';
import { Client, escapeIdentifier, escapeLiteral } from 'pg';
import { onTeardown } from './teardown-list';
import { databasePrefix, publishTestRun } from './test-run';

/**
 * Runs the tests on an existing server. The account of `ownerUrl` must be a superuser. Everything that the run creates is
 * dropped at its end.
 */
export async function useExternalServer(id: string, ownerUrl: string): Promise<void> {
  const appRole = `${databasePrefix(id)}app`;
  const appPassword = randomBytes(16).toString('hex');
  await asOwner(ownerUrl, (owner) =>
    owner.query(`create role ${escapeIdentifier(appRole)} login nosuperuser nobypassrls password ${escapeLiteral(appPassword)}`),
  );
  publishTestRun({ id, ownerUrl, appRole, appPassword });
  onTeardown(() =>
    asOwner(ownerUrl, async (owner) => {
      const { rows } = await owner.query<{ datname: string }>('select datname from pg_database where starts_with(datname, $1)', [
        databasePrefix(id),
      ]);
      for (const { datname } of rows) {
        await owner.query(`alter database ${escapeIdentifier(datname)} is_template false`);
        await owner.query(`drop database ${escapeIdentifier(datname)} with (force)`);
      }
      await owner.query(`drop role ${escapeIdentifier(appRole)}`);
    }),
  );
}

async function asOwner(ownerUrl: string, work: (owner: Client) => Promise<unknown>): Promise<void> {
  const owner = new Client({ connectionString: ownerUrl });
  await owner.connect();
  try {
    await work(owner);
  } finally {
    await owner.end();
  }
}
