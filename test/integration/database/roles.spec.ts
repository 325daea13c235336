import { mkdtempSync } from 'node:fs';
import { migrate, ServiceRoleRequiredError, ServiceRoleUnavailableError, type Database } from '#libs/database';
import { Logger } from '@nestjs/common';
import { Client } from 'pg';
import { EmbeddedPostgres } from '../../../libs/platform/local-stack/src/embedded-postgres/embedded-postgres';
import { claimFolder, removeFolder } from '../../support/run/leftovers';
import { RUN_FOLDER_PREFIX } from '../../support/run/test-run';
import { until } from '../../support/until';
import { aDatabase } from '../../support/a-database';

const DATABASES = ['one', 'two', 'three', 'four'];
const PASSWORD = 'not-to-be-printed';

/** A server of its own: roles belong to all databases of a server, and here the service role must not exist at first. */
let folder: string;
let server: EmbeddedPostgres;
const opened: Database[] = [];
let stop: AbortController;
beforeAll(async () => {
  folder = mkdtempSync(`${RUN_FOLDER_PREFIX}roles-`);
  claimFolder(folder);
  server = await EmbeddedPostgres.start({ homeDir: folder, databases: DATABASES, durability: 'throwaway', wishedPort: 0 });
  await asAdministrator(
    'postgres',
    `create role plain login password '${PASSWORD}'`,
    `create role maker login createrole password '${PASSWORD}'`,
  );
});
afterAll(() => removeFolder(folder));
beforeEach(async () => {
  stop = new AbortController();
  for (const name of DATABASES) {
    await asAdministrator('postgres', `drop database if exists ${name} with (force)`, `create database ${name} owner plain`);
  }
  await asAdministrator('postgres', 'drop role if exists arcadia_service');
});
afterEach(async () => {
  stop.abort();
  await Promise.all(opened.splice(0).map((database) => database.close()));
});

async function asAdministrator(database: string, ...statements: string[]): Promise<void> {
  const client = new Client({ connectionString: server.ownerUrl(database) });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

function open(url: string): Database {
  const database = aDatabase(url);
  opened.push(database);
  return database;
}

function urlAs(role: string, database = 'one'): string {
  const url = new URL(server.appUrl(database));
  url.username = role;
  url.password = PASSWORD;
  return url.href;
}

async function refusalOf(work: Promise<unknown>): Promise<Error> {
  return work.then(
    () => new Error('it was not refused'),
    (error: unknown) => error as Error,
  );
}

it.each([
  { what: 'there is no service role', given: [], needed: /: create role arcadia_service [^;]+; grant arcadia_service to "arcadia_app";$/ },
  {
    what: 'the login role is not admitted to it',
    given: ['create role arcadia_service nologin nobypassrls'],
    needed: /: grant arcadia_service to "arcadia_app";$/,
  },
])(
  'names the statements to run when $what and migrate lacks the right to change it, and succeeds after them',
  async ({ given, needed }) => {
    await asAdministrator('one', ...given);
    const appUrl = server.appUrl('one');
    const error = await refusalOf(migrate(urlAs('plain'), { appUrl }));
    expect(error).toBeInstanceOf(ServiceRoleRequiredError);
    expect(error).toMatchObject({ code: 'service_role_required', message: expect.stringMatching(needed) });
    expect(error.message).not.toContain(new URL(appUrl).password);
    expect(error.message).not.toContain(PASSWORD);

    await asAdministrator('one', error.message.slice(error.message.lastIndexOf(': ') + 2));
    await expect(migrate(urlAs('plain'), { appUrl })).resolves.not.toEqual([]);
    await open(appUrl).waitForSchema(stop.signal);
  },
);

it.each([
  { what: 'there is no service role', given: [] },
  { what: 'the login role is not admitted to it', given: ['create role arcadia_service nologin nobypassrls'] },
])('fails every statement with the command to run while $what', async ({ given }) => {
  await asAdministrator('one', ...given);
  const database = open(urlAs('plain'));
  for (const ask of [
    () => database.ping(),
    () => database.transaction((tx) => tx.query('select 1')),
    () => database.asTenant('a-tenant', (tx) => tx.query('select 1')),
  ]) {
    const error = await refusalOf(ask());
    expect(error).toBeInstanceOf(ServiceRoleUnavailableError);
    expect(error.message).toContain('npm run migrate');
    expect(error.message).not.toContain(PASSWORD);
  }
});

it('logs once why it waits for the schema, and continues once the service role is available', async () => {
  const lines: unknown[] = [];
  const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation((line: unknown) => void lines.push(line));
  const waiting = open(server.appUrl('one')).waitForSchema(stop.signal);
  await until(() => lines.length > 0);
  expect(lines).toEqual([
    { event: 'waiting_for_schema', reason: 'service_role_unavailable', message: expect.stringContaining('npm run migrate') },
  ]);
  warn.mockRestore();
  await migrate(server.ownerUrl('one'), { appUrl: server.appUrl('one') });
  await waiting;
});

it('lets the role that created the service role work as it', async () => {
  await asAdministrator('one', 'alter database one owner to maker');
  await migrate(urlAs('maker'));
  await expect(open(urlAs('maker')).query('select current_user as role')).resolves.toEqual([{ role: 'arcadia_service' }]);
});

it('migrates while another database of the server creates the service role at the same moment [OPS-5]', async () => {
  const [other, watcher] = [
    new Client({ connectionString: server.ownerUrl('two') }),
    new Client({ connectionString: server.ownerUrl('two') }),
  ];
  await Promise.all([other.connect(), watcher.connect()]);
  try {
    await other.query('begin');
    await other.query('create role arcadia_service nologin nobypassrls');
    const migrating = migrate(server.ownerUrl('one'), { appUrl: server.appUrl('one') });
    migrating.catch(() => undefined); // awaited below
    const collision = `select 1 from pg_stat_activity where datname = 'one' and wait_event_type = 'Lock' and query ~ 'create role'`;
    await until(async () => (await watcher.query(collision)).rowCount === 1, { what: 'the collision' });
    await other.query('commit');
    await expect(migrating).resolves.not.toEqual([]);
  } finally {
    await Promise.all([other.end(), watcher.end()]);
  }
});

it('creates the service role once, however many databases of a server are migrated at the same time [OPS-5]', async () => {
  const all = DATABASES.flatMap((name) => [name, name]);
  const applied = await Promise.all(all.map((name) => migrate(server.ownerUrl(name), { appUrl: server.appUrl(name) })));
  expect(applied.filter((names) => names.length > 0)).toHaveLength(DATABASES.length);
  for (const name of DATABASES) await open(server.appUrl(name)).waitForSchema(stop.signal);
});
