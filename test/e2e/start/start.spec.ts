import { exec } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { reachableBy, serverAccount, type OsAccount } from '../../../libs/platform/local-stack/src/embedded-postgres/os-account';
import { isAlive } from '../../../libs/platform/local-stack/src/process-identity';
import { freePorts, Launched, REPOSITORY, runNote, type Ports } from './launcher';
import { until } from '../../support/until';

let folder: string;
let dataDir: string;
let ports: Ports;
const launched: Launched[] = [];

const up = (env: object = {}) => {
  const start = Launched.run(['up'], { DATA_DIR: dataDir, ...ports, ...env });
  launched.push(start);
  return start;
};

const allEnded = (pids: Record<string, number>) => until(() => Object.values(pids).every((pid) => !isAlive(pid)));

/** Returns ids from our database. They repeat only when the same database is in use. */
async function inventoryIds(api: string, token: string): Promise<string[]> {
  const answer = await fetch(`${api}/api/v1/inventory?limit=200`, { headers: { authorization: `Bearer ${token}` } });
  const { data } = (await answer.json()) as { data: { id: string }[] };
  return data.map(({ id }) => id);
}

/** An account that is not root. It is undefined when the test itself runs as an ordinary account. */
const ordinaryAccount: OsAccount | undefined = serverAccount('nobody');
/** Other accounts cannot read a clone below the closed home folder of root. */
const mayRead = !ordinaryAccount || reachableBy(ordinaryAccount, REPOSITORY);
if (!mayRead)
  console.warn(`SKIPPED: npm start as an ordinary user, who may not read ${REPOSITORY}: clone to a folder that other accounts may read`);

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'arcadia-start-'));
  chmodSync(folder, 0o755);
  dataDir = join(folder, 'data');
  ports = await freePorts();
});

afterEach(async () => {
  for (const { child, ended } of launched.splice(0)) {
    child.kill('SIGTERM');
    await ended;
  }
  rmSync(folder, { recursive: true, force: true });
});

describe('npm start', () => {
  it('prints a summary with a working curl command, refuses a second start, and leaves nothing behind after SIGTERM [OPS-6]', async () => {
    const start = up({ PGSSLMODE: 'require' });
    const summary = await start.summary();
    for (const url of [summary.api, summary.worker]) expect((await fetch(`${url}/api/health/ready`)).status).toBe(200);
    const { pids, database_url: databaseUrl, ...noted } = runNote(dataDir);
    expect(noted).toEqual(summary);
    const tenantLines = ['tenant_token', 'tenants', 'simulator_token', 'saved_in', 'next', 'curl'];
    expect(Object.keys(summary)).toEqual(['console', 'api', 'docs', 'queues', 'worker', 'simulator', 'admin_token', ...tenantLines]);
    expect(summary.tenants).toMatch(
      /^acme \(tenant_token\), [a-z-]+.*; a token for another one: npm run --silent token -- --tenant [a-z-]+$/,
    );
    expect(summary.saved_in).toBe(join(dataDir, 'run.json'));
    const drops = await fetch(`${summary.simulator}/v2/droplets`, { headers: { authorization: `Bearer ${summary.simulator_token}` } });
    expect(drops.status).toBe(200);
    expect(new URL(databaseUrl)).toMatchObject({ username: 'arcadia_app', pathname: '/arcadia_demo' });
    expect(statSync(join(dataDir, 'run.json')).mode & 0o777).toBe(0o600);

    const tenants = await fetch(`${summary.api}/api/v1/tenants?limit=200`, { headers: { authorization: `Bearer ${summary.admin_token}` } });
    const { data: named } = (await tenants.json()) as { data: { id: string; name: string; status: string }[] };
    expect(named).toContainEqual(expect.objectContaining({ id: 'acme', name: 'Acme Stores', status: 'active' }));
    expect(named.filter(({ status }) => status === 'suspended').map(({ id }) => id)).toEqual(['lumen']);

    const response = await promisify(exec)(summary.curl ?? '', { maxBuffer: 1e7 });
    expect((JSON.parse(response.stdout) as { data: unknown[] }).data.length).toBeGreaterThan(0);

    const second = up(await freePorts());
    expect(await second.ended).toEqual({ code: 1, signal: null });
    expect(second.stderr.trim().split('\n')).toEqual([expect.stringContaining(`DATA_DIR ${dataDir} is in use`)]);

    start.child.kill('SIGTERM');
    expect(await start.ended).toEqual({ code: 0, signal: null });
    expect(Object.entries(pids).filter(([, pid]) => isAlive(pid))).toEqual([]);
    expect(['run.json', 'start.lock', 'postgres/postmaster.pid'].filter((file) => existsSync(join(dataDir, file)))).toEqual([]);
  });

  it('restarts a killed worker, api and database, and after its own kill -9 the next start takes over all data [OPS-3]', async () => {
    const first = up();
    const { api = '', worker = '', admin_token: token = '' } = await first.summary();
    const before = runNote(dataDir).pids;
    for (const name of ['worker', 'api', 'postgres']) process.kill(before[name] ?? 0, 'SIGKILL');
    const replaced = () => ['worker', 'api', 'postgres'].every((name) => runNote(dataDir).pids[name] !== before[name]);
    await until(replaced);
    const healthy = (url: string) =>
      fetch(`${url}/api/health`).then(
        ({ ok }) => ok,
        () => false,
      );
    await until(async () => (await healthy(api)) && (await healthy(worker)));
    await until(async () => (await fetch(`${api}/api/health/ready`)).ok);
    const known = await inventoryIds(api, token);

    const { postgres = 0, ...processes } = runNote(dataDir).pids;
    first.child.kill('SIGKILL');
    await first.ended;
    const second = up();
    await second.summary();
    await allEnded(processes);
    expect(runNote(dataDir).pids.postgres).toBe(postgres);
    expect(await inventoryIds(api, token)).toEqual(expect.arrayContaining(known));
    expect(known.length).toBeGreaterThan(0);
  });

  const skipped = mayRead ? '' : 'SKIPPED (the repository is closed to others): ';
  it(`${skipped}works for an ordinary account, and never runs the database as root`, async () => {
    if (!mayRead) return;
    const account = ordinaryAccount;
    if (account) chownSync(folder, account.uid, account.gid);
    const start = Launched.run(['up'], { DATA_DIR: dataDir, ...ports }, account);
    launched.push(start);
    await start.summary();
    const { stdout } = await promisify(exec)(`ps -o uid= -p ${runNote(dataDir).pids.postgres}`);
    expect(Number(stdout)).toBe(account?.uid ?? process.getuid?.());
    start.child.kill('SIGINT');
    expect(await start.ended).toEqual({ code: 0, signal: null });
  });
});

describe('npm start with a problem', () => {
  it.each(['PORT', 'WORKER_PORT', 'SIMULATOR_PORT'] as const)(
    'exits with 1 and one sentence that names %s when its port is in use',
    async (variable) => {
      const stranger = createServer().listen(Number(ports[variable]), '127.0.0.1');
      const start = up();
      expect(await start.ended).toEqual({ code: 1, signal: null });
      stranger.close();
      expect(start.stderr.trim().split('\n')).toEqual([expect.stringMatching(new RegExp(`^Port ${ports[variable]} .*${variable}`))]);
      expect(existsSync(join(dataDir, 'postgres'))).toBe(false);
    },
  );

  it('exits with 1 and one sentence that names the folder when its database is not valid', async () => {
    rmSync(dataDir, { recursive: true, force: true });
    await promisify(exec)(`mkdir -p ${join(dataDir, 'postgres', 'base')}`);
    const start = up();
    expect(await start.ended).toEqual({ code: 1, signal: null });
    expect(start.stderr.trim().split('\n')).toEqual([expect.stringContaining(join(dataDir, 'postgres'))]);
  });

  it.each([
    [{ DO_API_URL: 'https://api.digitalocean.com' }, 'DO_API_TOKEN'],
    [{ SKYAI_FINANCE_URL: 'https://finance.example.com' }, 'SKYAI_FINANCE_URL'],
    [{ STRIKES_TO_DELETE: 'many' }, 'STRIKES_TO_DELETE'],
    [{ PORT: 'http' }, 'PORT'],
    [{ STRIKES_TO_DELET: '3', FINANCE_TIMEOUT: 'x' }, 'did you mean STRIKES_TO_DELETE?'],
    [{ JWT_ISSUER: 'a', LOG_LEVEL: 'loud' }, 'LOG_LEVEL'],
    [{ DATABASE_URL: 'postgres://127.0.0.1:1/arcadia' }, 'no DO_API_TOKEN'],
  ])('exits with 1 and one sentence about the configuration %j before anything is started (D4)', async (env, named) => {
    const start = up(env);
    expect(await start.ended).toEqual({ code: 1, signal: null });
    expect(start.stderr).toContain(named);
    expect(start.stdout).toBe('');
    expect(existsSync(join(dataDir, 'postgres'))).toBe(false); // (D4) nothing was started
  });
});

describe('the other commands', () => {
  it('reads an environment file only when it is named, so that no test reads a real one', async () => {
    const poison = join(folder, 'poison.env');
    writeFileSync(poison, 'STRIKES_TO_DELETE=poison\n');
    const poisoned = Launched.run(['token', '--tenant', 'acme'], { DATA_DIR: dataDir, ARCADIA_ENV_FILE: poison });
    expect(await poisoned.ended).toEqual({ code: 1, signal: null });
    expect(poisoned.stderr).toContain('STRIKES_TO_DELETE');
    const missing = Launched.run(['token', '--tenant', 'acme'], { DATA_DIR: dataDir, ARCADIA_ENV_FILE: `${poison}.missing` });
    expect(await missing.ended).toEqual({ code: 1, signal: null });
    expect(missing.stderr).toContain('ARCADIA_ENV_FILE');
  });

  it('prints a token and nothing else for the command token', async () => {
    const token = Launched.run(['token', '--tenant', 'acme'], { DATA_DIR: dataDir });
    expect(await token.ended).toEqual({ code: 0, signal: null });
    const claims = JSON.parse(Buffer.from(token.stdout.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
    expect(claims).toMatchObject({ typ: 'access', tenant_id: 'acme', roles: [] });
    expect(token.stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  });

  it.each(['api', 'worker'])('names the missing setting when %s has no database to use', async (name) => {
    const alone = Launched.run([name], { DATA_DIR: dataDir, ...ports });
    expect(await alone.ended).toEqual({ code: 1, signal: null });
    expect(alone.stderr.trim().split('\n')).toEqual([expect.stringContaining('DATABASE_URL')]);
  });

  it.each([
    [['token', '--tenant', 'acme', '--loud'], 2],
    [['token'], 2],
    [['dance'], 2],
    [['migrate', '--help'], 0],
    [['up', '--help'], 0],
  ])('prints the usage of %j and exits with code %i', async (args, code) => {
    const called = Launched.run(args, { DATA_DIR: dataDir });
    expect(await called.ended).toEqual({ code, signal: null });
    expect(code === 0 ? called.stdout : called.stderr).toMatch(/npm|entry\.mjs/);
  });
});
