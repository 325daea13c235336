import { platformConnectionString } from '#libs/database';
import { Client } from 'pg';
import { createTestDatabase, type TestDatabase } from '../../support/database';

let stored: TestDatabase;
let service: Client;
beforeAll(async () => {
  stored = await createTestDatabase();
  service = new Client({ connectionString: platformConnectionString(stored.appUrl) });
  await service.connect();
});
afterAll(async () => {
  await service.end();
  await stored.drop();
});

const forbidden = [
  'update cloud_resource_events set changes = changes',
  'delete from cloud_resource_events',
  'truncate cloud_resource_events',
  'truncate cloud_resource_events cascade',
  'update events set data = data',
  'delete from events',
  'truncate events',
  'update event_numbers set sequence = 0',
  'delete from event_numbers',
  'alter table events disable trigger digest',
  'update audit_log set reason = reason',
  'delete from audit_log',
  'truncate audit_log',
  'insert into record_digests (row_count) values (1)',
  'update record_digests set hash = hash',
  'delete from record_digests',
  'insert into record_chain select * from record_chain',
  'update record_chain set hash = hash',
  'delete from record_chain',
  'truncate record_chain',
  'insert into record_waiting values (1)',
  'delete from record_waiting',
  `insert into cloud_event_months (month, before, events, resources) values (now(), now(), 0, 0)`,
  'delete from cloud_event_last_values',
  'alter table cloud_resource_events disable trigger digest',
  'set session_replication_role = replica',
  'select arcadia_digest_events()',
  'delete from cloud_resources',
  'truncate cloud_resources',
  'alter table cloud_resource_events disable row level security',
  'alter table audit_log add column mine int',
  'drop table audit_log',
  'create table mine (id int)',
];

it.each(forbidden)('does not let the service role run: %s [INV-14, OPS-9]', async (statement) => {
  await expect(service.query(statement)).rejects.toMatchObject({ code: '42501' });
});

it.each(forbidden)('does not let the login role run, after it has left the service role: %s [INV-14, OPS-9]', async (statement) => {
  await service.query('reset role');
  try {
    await expect(service.query('set role none')).resolves.toBeDefined();
    const { rows } = await service.query<{ login: string; role: string }>('select session_user as login, current_user as role');
    expect(rows[0]?.role).toBe(rows[0]?.login);
    await expect(service.query(statement)).rejects.toMatchObject({ code: '42501' });
  } finally {
    await service.query('set role arcadia_service');
  }
});

it('lets the service role become neither the owner of the tables nor a superuser [INV-14]', async () => {
  const { rows } = await service.query<{ name: string }>(
    `select rolname as name from pg_roles where rolname = (select tableowner from pg_tables where tablename = 'audit_log') or rolsuper`,
  );
  expect(rows.length).toBeGreaterThan(0);
  for (const { name } of rows) await expect(service.query(`set role "${name}"`)).rejects.toMatchObject({ code: '42501' });
});

it('lets the service role add to the audit log and read it [OPS-9]', async () => {
  await service.query(
    `insert into audit_log (actor, actor_role, action, target_type, target_id) values ('me', 'platform_admin', 'tested', 'test', '1')`,
  );
  const { rows } = await service.query('select actor, action from audit_log');
  expect(rows).toEqual([{ actor: 'me', action: 'tested' }]);
});
