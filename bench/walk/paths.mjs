// Three paths through the built product: source files with a function that runs for one GET of the provider, for one GET of an inventory
// page, and for one provision saga. V8 counts calls; what runs while a file is loaded is none, and index files have no functions of their
// own. Each path is the first of its kind in its process part, with a token that was not seen before, a project of a tenant and a droplet
// that is not active at once. Counted are libs and apps/api, on a database of its own and a simulator.
import { createRequire } from 'node:module';
import { Session } from 'node:inspector/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { configFor, openProvisioning, pgClient, startDatabase, startQuietSimulator } from '../stage.mjs';
import { fillLists, LARGE_TENANT } from '../http-rows.mjs';
import { ROOT } from './sources.mjs';

const require = createRequire(import.meta.url);
const built = (path) => require(fileURLToPath(new URL(`../../dist/${path}`, import.meta.url)));
const DIST = pathToFileURL(`${ROOT}dist/`).href;
const SECRET = 'a-secret-of-measurements-long-enough-for-hs512-and-used-nowhere-else-at-all';
const COUNTED = /^(libs\/(kernel|[^/]+\/[^/]+)|apps\/api)\/src\//;

/** { provider, inventory, saga }: the paths of the source files of each, sorted. */
export async function pathsOf() {
  const profiler = new Session();
  profiler.connect();
  await profiler.post('Profiler.enable');
  await profiler.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  const walked = async (work) => {
    await profiler.post('Profiler.takePreciseCoverage'); // counts begin anew
    await work();
    return filesIn((await profiler.post('Profiler.takePreciseCoverage')).result);
  };

  const server = await startDatabase();
  const simulator = await startQuietSimulator();
  const env = {
    DATABASE_URL: server.appUrl,
    DO_API_URL: simulator.url,
    DO_API_TOKEN: simulator.token,
    JWT_SECRET: SECRET,
    SAGA_POLL_MS: '200',
  };
  try {
    return {
      provider: await onProvider(env, walked),
      inventory: await onApi(env, walked, server.ownerUrl),
      saga: (await onSagas(env, walked, simulator)).filter((path) => path.startsWith('libs/')),
    };
  } finally {
    await simulator.close();
    await server.stop();
    profiler.disconnect();
  }
}

function filesIn(scripts) {
  const files = scripts.filter(({ url, functions }) => url.startsWith(DIST) && functions.some(ranAsCall));
  const paths = files.map(({ url }) => url.slice(DIST.length).replace(/\.js$/, '.ts'));
  return paths.filter((path) => COUNTED.test(path) && !/\/(migrations|index\.ts)/.test(path)).toSorted();
}

/** Not the body of the file itself, which V8 names '' and which begins at 0. */
const ranAsCall = ({ functionName, ranges: [whole] }) => whole.count > 0 && !(functionName === '' && whole.startOffset === 0);

async function onProvider(env, walked) {
  require('reflect-metadata');
  const { NestFactory } = require('@nestjs/core');
  const { ConfigModule } = built('libs/platform/config/src/index.js');
  const { DatabaseModule } = built('libs/platform/database/src/index.js');
  const { DigitalOcean, DigitalOceanModule } = built('libs/platform/digitalocean/src/index.js');
  class Walked {}
  const imports = [ConfigModule.forRoot(configFor(env)), DatabaseModule, DigitalOceanModule];
  const context = await NestFactory.createApplicationContext({ module: Walked, imports }, { logger: ['error'] });
  const provider = context.get(DigitalOcean, { strict: false });
  const files = await walked(() => provider.get({ purpose: 'sync', path: '/v2/account', key: 'account', parse: (raw) => raw }));
  await context.close();
  return files;
}

async function onApi(env, walked, ownerUrl) {
  const { createApi } = built('apps/api/src/api-app.js');
  const { signGuardianToken } = built('libs/platform/identity/src/index.js');
  const headersOf = (sub) => ({ authorization: `Bearer ${signGuardianToken(SECRET, { sub, ttlS: 3_600, tenantId: LARGE_TENANT })}` });
  const owner = pgClient(ownerUrl);
  await owner.connect();
  await fillLists(owner, { resources: 200, lines: 24, sagas: 10 });
  const app = await createApi(configFor(env));
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address();
  const url = `http://127.0.0.1:${port}/api/v1/inventory?limit=50`;
  while ((await fetch(url, { headers: headersOf('first') })).status === 503) await new Promise((resolve) => setTimeout(resolve, 20));
  const files = await walked(async () => {
    const answer = await fetch(url, { headers: headersOf('bench') });
    if (!answer.ok) throw new Error(`The inventory answered ${answer.status}: ${await answer.text()}`);
    await answer.text();
  });
  await app.close();
  await owner.query('truncate cloud_accounts cascade');
  await owner.end();
  return files;
}

async function onSagas(env, walked, simulator) {
  const sagas = await openProvisioning(env);
  const projects = [project(DEFAULT_PROJECT, ''), project(TENANT_PROJECT, 'tenant:acme')];
  await simulator.control('PUT', 'account', { projects, lags: { droplet_active_ms: 1_000 } });
  await sagas.sweeps.run('project', { trigger: 'manual' });
  const [{ id: project_id }] = await sagas.database.query(`select id from cloud_projects where tenant_id = 'acme'`);
  let nth = 0;
  const provision = async () => {
    const input = { name: `web-${nth++}`, size_slug: 's-1vcpu-1gb', region: 'fra1', image: 'ubuntu-24-04-x64', project_id };
    const because = { by: { sub: 'bench', role: 'platform_admin' } };
    const id = await sagas.starts.start({ kind: 'provision_droplet', input, tenantId: 'acme', because });
    sagas.engine.wake();
    for (;;) {
      const [{ status }] = await sagas.database.query('select status from saga_runs where id = $1', [id]);
      if (status === 'completed') return;
      if (['failed', 'rolled_back', 'compensation_failed'].includes(status)) throw new Error(`The saga ended ${status}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  sagas.engine.start();
  const files = await walked(provision);
  await sagas.close();
  return files;
}

const [DEFAULT_PROJECT, TENANT_PROJECT] = ['00000000-0000-4000-8000-00000000000d', '00000000-0000-4000-8000-00000000000a'];

/** A project as the provider has it; `tenant:` in the description says that it belongs to a tenant. */
function project(id, description) {
  const at = '2025-01-01T00:00:00Z';
  const is_default = id === DEFAULT_PROJECT;
  return {
    id,
    name: `project ${description}`,
    description,
    purpose: 'Web',
    environment: 'Production',
    is_default,
    created_at: at,
    updated_at: at,
  };
}
