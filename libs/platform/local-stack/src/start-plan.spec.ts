import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { loadConfig } from '#libs/config';
import { planStart, refuseDemoInRealDatabase } from './start-plan';

describe('the plan of a start', () => {
  it.each([
    [{}, 'arcadia_demo'],
    [{ DO_API_TOKEN: ' ', DO_API_URL: '' }, 'arcadia_demo'],
    [{ DO_API_TOKEN: 'dop_v1_x' }, 'arcadia'],
    [{ DO_API_TOKEN_BILLING: 'dop_v1_x' }, 'arcadia'],
    [{ DO_API_TOKEN_FILE: '/run/secrets/token' }, 'arcadia'],
    [{ VAULT_SECRETS: 'arcadia/all' }, 'arcadia'],
  ])('runs %j on database %s, with the simulator only when no provider is configured', (env, database) => {
    expect(planStart(env)).toMatchObject({ database, simulator: database === 'arcadia' ? undefined : { port: 4008 } });
  });

  it('refuses an address without a token', () => {
    expect(() => planStart({ DO_API_URL: 'https://api.digitalocean.com' })).toThrow('DO_API_TOKEN');
    expect(planStart({ DO_API_URL: 'http://127.0.0.1:4999', DO_API_TOKEN: 'x' }).database).toBe('arcadia');
  });

  it('sends generated invoices to this machine only', () => {
    expect(() => planStart({ SKYAI_FINANCE_URL: 'https://finance.example.com' })).toThrow('SKYAI_FINANCE_URL');
    expect(planStart({ SKYAI_FINANCE_URL: 'http://127.0.0.1:4999' }).simulator).toBeDefined();
    expect(planStart({ SKYAI_FINANCE_URL: 'https://finance.example.com', DO_API_TOKEN: 'dop_v1_x' }).simulator).toBeUndefined();
  });
});

it.each([
  [{}, true],
  [{ NODE_ENV: 'production' }, true],
  [{ DATABASE_URL: 'postgres://db/arcadia' }, true],
  [{ DATABASE_URL: 'postgres://db/arcadia', NODE_ENV: 'production' }, false],
  [{ DATABASE_URL_FILE: '/run/secrets/db', DATABASE_OWNER_URL: 'postgres://owner@db/arcadia', NODE_ENV: 'production' }, true],
])('lets %j migrate: %s', (env, mayMigrate) => {
  expect(planStart(env).mayMigrate).toBe(mayMigrate);
});

it.each(['0', '70000', '4005.5', 'http'])('refuses %s as a port in a message that names the variable', (text) => {
  expect(() => planStart({ WORKER_PORT: text })).toThrow('WORKER_PORT');
});

describe('the demo in an external database', () => {
  const folder = mkdtempSync(join(tmpdir(), 'arcadia-plan-'));
  const file = join(folder, 'url');
  writeFileSync(file, 'postgres://db/arcadia\n');
  afterAll(() => rmSync(folder, { recursive: true }));
  const check = (env: NodeJS.ProcessEnv) => refuseDemoInRealDatabase(env, planStart(env));

  it.each([{ DATABASE_URL: 'postgres://db/arcadia?x=_demo' }, { DATABASE_URL: 'nonsense' }, { DATABASE_URL_FILE: file }])(
    'refuses %j when no token is set',
    (env) => {
      expect(() => check(env)).toThrow('DATABASE_URL is set but no DO_API_TOKEN');
      expect(() => check({ ...env, DO_API_TOKEN: 'dop_v1_x' })).not.toThrow();
    },
  );

  it.each([{}, { DATABASE_URL: 'postgres://db/arcadia_demo?sslmode=require' }])('allows %j', (env) => {
    expect(() => check(env)).not.toThrow();
  });
});

it('reaches the processes on loopback when they listen on all addresses', () => {
  expect(planStart({ HOST: '0.0.0.0' })).toMatchObject({ listenHost: '0.0.0.0', reachableHost: '127.0.0.1' });
});

it('has the same defaults as the processes', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'arcadia-plan-'));
  try {
    const config = loadConfig({ DATA_DIR: dataDir });
    expect(planStart({})).toMatchObject({
      dataDir: resolve('.data'),
      listenHost: config.http.host,
      apiPort: config.http.port,
      workerPort: config.worker.port,
      simulator: { port: config.simulator.port, token: config.simulator.token() },
    });
  } finally {
    rmSync(dataDir, { recursive: true });
  }
});
