import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { loadConfig } from '#libs/config';
import { QUEUE_NAMES } from '#libs/queues';
import { HelpRequested } from '../../../apps/cli/src/command-line';
import { auditVerify } from '../../../apps/cli/src/commands/audit-verify';
import { composeFile, environmentOf, interpolatedNames, ownServices, simulatorVariables } from './compose-file';
import { dockerfileStages } from './dockerfile';
import { appOf, cliCommandOf, inRoot, isHealthAddress, READ_NAMES, SECRETS, SHUTDOWN_S, SIMULATOR_PORT } from './product-facts';

/** Names that Compose itself reads, or that only select the source of a file or an image. */
const OF_COMPOSE = ['ARCADIA_TAG', 'PROVIDER_TOKEN_SOURCE', 'COMPOSE_PROJECT_NAME', 'COMPOSE_PROFILES'];

const file = composeFile();
const own = ownServices(file);
const isService = (command: readonly string[]) => ['api', 'worker'].includes(appOf(command));
const workers = own.filter(([, { command }]) => appOf(command) === 'worker');

let secrets: string;
beforeAll(() => {
  secrets = mkdtempSync(join(tmpdir(), 'arcadia-compose-'));
  execFileSync(process.execPath, [inRoot('deploy/compose/make-secrets.mjs'), secrets]);
  writeFileSync(join(secrets, 'provider_token'), 'dop_v1_of_a_test\n');
});
afterAll(() => rmSync(secrets, { recursive: true, force: true }));

it('runs migrate, api and a worker per group of queues, and starts the simulator and the audit commands only on request', () => {
  const asked = ['audit-verify', 'events-archive', 'simulator'];
  expect(own.map(([name]) => name)).toEqual([
    'migrate',
    'api',
    'worker-sync',
    'worker-billing',
    'worker-provisioning',
    'worker-notifications',
    ...asked,
  ]);
  expect(own.filter(([, { profiles }]) => profiles).map(([name]) => name)).toEqual(asked);
  for (const [name, { depends_on: needs }] of own.filter(([, { command }]) => isService(command))) {
    expect({ name, migrate: needs?.migrate?.condition }).toEqual({ name, migrate: 'service_completed_successfully' });
  }
});

it('serves every queue of the catalog by exactly one group of workers', () => {
  const served = workers.flatMap(([, { environment }]) => String(environment?.WORKER_QUEUES).split(','));
  expect(served.sort()).toEqual([...QUEUE_NAMES].sort());
});

it('sets only variables that the product reads, and accepts no others from outside', () => {
  const set = own.flatMap(([, { environment }]) => Object.keys(environment ?? {}));
  const outside = [...interpolatedNames(), ...Object.keys(simulatorVariables())].filter((name) => !OF_COMPOSE.includes(name));
  expect([...set, ...outside].filter((name) => !READ_NAMES.has(name))).toEqual([]);
});

it('passes each secret as a declared and mounted file to exactly the services that need it [TEN-8]', () => {
  for (const [name, { environment = {}, secrets: mounted = [] }] of own) {
    expect({ name, inTheOpen: Object.keys(environment).filter((variable) => SECRETS.includes(variable)) }).toEqual({ name, inTheOpen: [] });
    const files = Object.entries(environment).filter(([variable]) => variable.endsWith('_FILE'));
    expect({ name, files: files.map(([, path]) => basename(String(path))).sort() }).toEqual({ name, files: [...mounted].sort() });
    expect(mounted.filter((secret) => !file.secrets[secret])).toEqual([]);
  }
  const holders = (secret: string) => own.filter(([, service]) => service.secrets?.includes(secret)).map(([name]) => name);
  expect(holders('database_owner_url')).toEqual(['migrate', 'events-archive']);
  expect(holders('provider_token')).toEqual(workers.map(([name]) => name).filter((name) => name !== 'worker-notifications'));
  expect(holders('secrets_key')).toEqual(['api', 'worker-notifications']);
});

it('has a script that creates every secret but the provider token in a private folder, and overwrites none', () => {
  for (const secret of Object.keys(file.secrets)) expect(statSync(join(secrets, secret)).size).toBeGreaterThan(10);
  expect(statSync(secrets).mode & 0o077).toBe(0);
  expect(execFileSync(process.execPath, [inRoot('deploy/compose/make-secrets.mjs'), secrets], { encoding: 'utf8' })).not.toContain('made ');
});

it('installs secrets of the operator with the commands of the handbook, without root, readable in the containers', () => {
  const lines = [
    ...readFileSync(inRoot('docs/operations.md'), 'utf8').matchAll(/^(\w+ .*)(guardian-secret|do-token) deploy\/compose\/secrets\/(\w+)/gm),
  ];
  expect(lines.map(([, , , secret]) => secret)).toEqual(['jwt_secret', 'provider_token']);
  const own = mkdtempSync(join(tmpdir(), 'arcadia-own-secrets-'));
  const account = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  try {
    const folder = join(own, 'deploy/compose/secrets');
    execFileSync(process.execPath, [inRoot('deploy/compose/make-secrets.mjs'), folder], { stdio: 'ignore' });
    if (account.uid !== undefined) execFileSync('chown', ['-R', `${account.uid}:${account.gid}`, own]);
    const here = { cwd: own, stdio: 'ignore', ...account } as const;
    for (const [line, , source = '', secret = ''] of lines) {
      execFileSync('sh', ['-ec', `umask 077; echo of-my-own > ${source}; ${line}`], here);
      const file = join(folder, secret);
      expect({ secret, text: readFileSync(file, 'utf8'), mode: statSync(file).mode & 0o777 }).toEqual({
        secret,
        text: 'of-my-own\n',
        mode: 0o444,
      });
    }
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
});

it.each([
  ['with a real provider', {}],
  ['with the simulator', simulatorVariables()],
])('gives each process an environment that it accepts %s', (_, variables) => {
  const accepted = ownServices(composeFile(variables)).map(([name, service]) => {
    const use = isService(service.command) ? 'service' : 'migration';
    const config = loadConfig(environmentOf(service, secrets), use);
    return [name, config.http.host, config.provider.token?.('billing')];
  });
  expect(accepted).toEqual([
    ['migrate', expect.any(String), undefined],
    ['api', '0.0.0.0', undefined],
    ...workers.map(([name]) => [name, '0.0.0.0', name === 'worker-notifications' ? undefined : 'dop_v1_of_a_test']),
    ['audit-verify', expect.any(String), undefined],
    ['events-archive', expect.any(String), undefined],
    ['simulator', '0.0.0.0', undefined],
  ]);
});

it('checks the readiness of each process at an address that the process serves', () => {
  for (const [name, { command, healthcheck }] of own.filter(([, service]) => service.healthcheck)) {
    const [, port, path = ''] = /http:\/\/127\.0\.0\.1:(\d+)(\/[\w/]+)/.exec(healthcheck?.test.join(' ') ?? '') ?? [];
    expect({ name, real: isHealthAddress(appOf(command), Number(port), path), path }).toEqual({
      name,
      real: true,
      path: expect.stringMatching(/ready$/),
    });
  }
  expect(own.filter(([, service]) => service.healthcheck)).toHaveLength(workers.length + 1);
});

it('keeps the chain head on a volume that the image lets its account write, and runs each audit command once [INV-14]', async () => {
  const { 'audit-verify': verify, 'events-archive': archive } = Object.fromEntries(own);
  const flags = (service: typeof verify) => cliCommandOf(service?.command ?? [])?.flags ?? [];
  expect([verify, archive].map((service) => cliCommandOf(service?.command ?? [])?.name)).toEqual(['audit:verify', 'events:archive']);
  expect([verify, archive]).toEqual(Array(2).fill(expect.objectContaining({ restart: 'no' })));
  expect(flags(verify)).toEqual(['--keep-head', '/app/.data/head.json']);
  expect(verify?.volumes).toEqual(['record-head:/app/.data']);
  expect(file.volumes).toHaveProperty('record-head');
  expect(dockerfileStages().at(-1)?.steps).toContainEqual(['RUN', 'install -d -m 1777 .data']);
  await expect(auditVerify([...flags(verify), '--help'])).rejects.toBeInstanceOf(HelpRequested); // The command knows these flags.
});

it('publishes PostgreSQL on port 5433, the api and the simulator on the loopback address, and no other port', () => {
  const published = Object.entries(file.services).flatMap(([name, { ports = [] }]) => ports.map((port) => `${name} ${port}`));
  const api = 'api 127.0.0.1:4005:4005';
  expect(published).toEqual(['postgres 127.0.0.1:5433:5432', api, `simulator 127.0.0.1:${SIMULATOR_PORT}:${SIMULATOR_PORT}`]);
});

it('keeps queue data on disk and never evicts them', () => {
  const command = file.services.valkey?.command?.join(' ');
  expect(command).toContain('--maxmemory-policy noeviction');
  expect(command).toContain('--appendonly yes');
  expect(file.services.valkey?.volumes).toEqual(['valkey:/data']);
});

it('waits longer for the end of a process than the shutdown limit, and gives it no writable files and no privileges [OPS-6]', () => {
  for (const [name, service] of own) {
    expect({ name, grace: Number.parseInt(service.stop_grace_period ?? '0', 10) > SHUTDOWN_S }).toEqual({ name, grace: true });
    expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
  }
});
