import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import {
  EmbeddedPostgres,
  readRunning,
  requestShutdown,
  type EmbeddedPostgresOptions,
} from '../../../libs/platform/local-stack/src/embedded-postgres/embedded-postgres';
import { until } from '../../support/until';

let folder: string;
let homeDir: string;
let template: string;
const started: EmbeddedPostgres[] = [];

function enterableFolder(): string {
  const made = mkdtempSync(join(tmpdir(), 'arcadia-embedded-'));
  chmodSync(made, 0o755);
  return made;
}

/** A cluster that was used and stopped: copied by the tests of later starts. */
beforeAll(async () => {
  template = enterableFolder();
  const server = await start({ homeDir: template });
  await rows(server.ownerUrl('arcadia'), 'create table kept as select 7 as seven');
  await server.stop();
});

afterAll(() => rmSync(template, { recursive: true }));

beforeEach(() => {
  folder = enterableFolder();
  homeDir = join(folder, 'data');
});

afterEach(async () => {
  for (const server of started.splice(0)) await server.stop();
  rmSync(folder, { recursive: true });
});

async function start(options: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> {
  const server = await EmbeddedPostgres.start({ homeDir, databases: ['arcadia'], durability: 'throwaway', wishedPort: 0, ...options });
  started.push(server);
  return server;
}

async function rows<R extends object>(url: string, statement: string): Promise<R[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<R>(statement)).rows;
  } finally {
    await client.end();
  }
}

it('ends on a shutdown request that knows only its folder, as after a second Ctrl-C during its start', async () => {
  const server = await start();
  requestShutdown(homeDir);
  await until(() => !server.isRunning(), { what: 'the end of the server' });
  expect(() => requestShutdown(homeDir)).not.toThrow();
});

describe('a first start', () => {
  it('creates a UTF-8 database that sorts bytewise, with an owner and an app role that cannot bypass row security', async () => {
    mkdirSync(join(homeDir, 'postgres-initdb-4711', 'data'), { recursive: true }); // initdb was killed half way
    const server = await start();
    expect(existsSync(join(homeDir, 'postgres-initdb-4711'))).toBe(false);
    for (const file of ['postgres-passwords.json', 'postgres.log']) expect(statSync(join(homeDir, file)).mode & 0o777).toBe(0o600);
    const settings = `select current_setting('server_encoding') as encoding, datcollate, rolsuper, rolbypassrls
      from pg_database, pg_roles where datname = current_database() and rolname = current_user`;
    const common = { encoding: 'UTF8', datcollate: 'C' };
    expect(await rows(server.ownerUrl('arcadia'), settings)).toEqual([{ ...common, rolsuper: true, rolbypassrls: true }]);
    expect(await rows(server.appUrl('arcadia'), settings)).toEqual([{ ...common, rolsuper: false, rolbypassrls: false }]);
  });

  it('uses another port when the wished one is in use, and announces that port', async () => {
    const stranger = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => stranger.once('listening', resolve));
    const { port } = stranger.address() as AddressInfo;
    let announced = '';
    const server = await start({ wishedPort: port, onAddress: (appUrl) => (announced = appUrl('arcadia')) });
    stranger.close();
    expect(server.port).not.toBe(port);
    expect(announced).toBe(server.appUrl('arcadia'));
  });

  it.each(['every folder above is closed to other accounts', 'only the folder itself is closed'])('works for root when %s', async (way) => {
    mkdirSync(homeDir, { recursive: true });
    chmodSync(way.startsWith('only') ? homeDir : folder, 0o700);
    const server = await start();
    try {
      expect(await rows(server.appUrl('arcadia'), 'select 1 as one')).toEqual([{ one: 1 }]);
    } finally {
      await server.stop();
      if (!server.dataDir.startsWith(homeDir)) rmSync(join(server.dataDir, '..'), { recursive: true });
    }
  });
});

describe('a later start', () => {
  beforeEach(() => execFileSync('cp', ['-a', template, homeDir]));

  it('finds the committed data', async () => {
    const server = await start();
    expect(await rows(server.ownerUrl('arcadia'), 'select seven from kept')).toEqual([{ seven: 7 }]);
  });

  it('adopts the server that a killed launcher left running', async () => {
    const left = await start();
    const next = await start();
    expect(next).toMatchObject({ pid: left.pid, port: left.port, adopted: true });
    expect(readRunning(homeDir)?.appUrl('arcadia')).toBe(next.appUrl('arcadia'));
  });

  it('does not mistake another program with a repeated pid for its server', async () => {
    writeFileSync(
      join(homeDir, 'postgres', 'postmaster.pid'),
      [process.pid, join(homeDir, 'postgres'), 1, 5432, '', '', '', 'ready'].join('\n'),
    );
    expect(readRunning(homeDir)).toBeUndefined();
    expect(await start()).toMatchObject({ adopted: false });
  });

  it('is revived on the same port after kill -9', async () => {
    const server = await start();
    process.kill(server.pid, 'SIGKILL');
    await until(() => !server.isRunning(), { what: 'the end of the server' });
    const url = server.appUrl('arcadia');
    await server.revive();
    expect(await rows(url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });
});

describe('unusable data are refused in one sentence that names the folder', () => {
  it('when the folder is not a data directory', async () => {
    mkdirSync(join(homeDir, 'postgres', 'base'), { recursive: true });
    await expect(start()).rejects.toMatchObject({
      code: 'embedded_postgres_data_unusable',
      message: expect.stringContaining(join(homeDir, 'postgres')),
    });
  });

  it('when PostgreSQL refuses to start on it', async () => {
    execFileSync('cp', ['-a', template, homeDir]);
    truncateSync(join(homeDir, 'postgres', 'global', 'pg_control'), 100);
    const failure = await start().catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'embedded_postgres_data_unusable', message: expect.stringContaining(join(homeDir, 'postgres')) });
    expect(failure).toMatchObject({ message: expect.stringContaining(join(homeDir, 'postgres.log')) });
  });

  it('when the password file is missing', async () => {
    execFileSync('cp', ['-a', template, homeDir]);
    rmSync(join(homeDir, 'postgres-passwords.json'));
    await expect(start()).rejects.toThrow('postgres-passwords.json is missing');
  });
});
