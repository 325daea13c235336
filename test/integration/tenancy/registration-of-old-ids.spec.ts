import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { migrations } from '../../../libs/platform/database/src/migrations';
import { MIGRATIONS_TABLE } from '../../../libs/platform/database/src/schema-version';
import { createEmptyDatabase, migrateAll } from '../../support/database';
import { aProject, aResource, insert } from '../../support/factories';

const FIRST_WITH_TENANTS = 'Tenants1795000001100';

it('registers every id that projects and resources carry in an older database, also those that differ by case, and nothing else [TNT-1]', async () => {
  const stored = await createEmptyDatabase();
  const older = migrations.slice(
    0,
    migrations.findIndex(({ name }) => name === FIRST_WITH_TENANTS),
  );
  const source = new DataSource({ type: 'postgres', url: stored.ownerUrl, migrations: older, migrationsTableName: MIGRATIONS_TABLE });
  const owner = new Client({ connectionString: stored.ownerUrl });
  try {
    await source.initialize();
    await source.runMigrations({ transaction: 'each' });
    await source.destroy();
    await owner.connect();
    const account_id = await insert(owner, 'cloud_accounts', { provider_account_id: 'team-1', identified_by: 'team' });
    await aProject(owner, { account_id, tenant_id: 'acme', tenant_set_by: 'description' });
    await aProject(owner, { account_id, tenant_id: 'Acme', tenant_set_by: 'admin' });
    await aProject(owner, { account_id, description: 'tenant:described-only' });
    await aResource(owner, { account_id, tenant_id: 'by a rule' });
    await aResource(owner, { account_id, owner_override: 'override', status: 'deleted', deleted_at: new Date() });
    await aResource(owner, { account_id, owner_override: ' ' });
    await migrateAll(stored.ownerUrl, stored.appUrl);
    const { rows } = await owner.query<{ id: string; source: string }>(`select id, source from tenants order by id collate "C"`);
    expect(rows).toEqual([
      { id: 'Acme', source: 'admin' },
      { id: 'acme', source: 'description' },
      { id: 'by a rule', source: 'admin' },
      { id: 'override', source: 'admin' },
    ]);
    const marks = await owner.query('select tenants_registered_at from cloud_accounts');
    expect(marks.rows).toEqual([{ tenants_registered_at: null }]);
  } finally {
    await owner.end();
    await stored.drop();
  }
});
