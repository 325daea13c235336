// What every measurement needs: a throw-away PostgreSQL with stock settings (fsync on), the built product over it, and one JSON line.
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
/** `DIST` is the folder `dist` of another build, to compare two releases. */
const DIST = process.env.DIST ?? fileURLToPath(new URL('../dist', import.meta.url));
export const built = (path) => require(join(DIST, path));

/** Migrates a database, also one that an older build has filled. */
export async function prepareDatabase(ownerUrl, appUrl) {
  const { migrate } = built('libs/platform/database/src/index.js');
  const { REPEATABLE_SQL } = built('apps/cli/src/commands/migrate.js');
  const { prepareQueueSchema } = built('libs/platform/queues/src/index.js');
  await migrate(ownerUrl, { appUrl, repeatable: REPEATABLE_SQL });
  await prepareQueueSchema(ownerUrl, appUrl);
}

/** A fresh cluster and a migrated database, or a throw-away database named by BENCH_DATABASE_URL. */
export async function startDatabase() {
  if (process.env.BENCH_DATABASE_URL) {
    const url = process.env.BENCH_DATABASE_URL;
    await prepareDatabase(url, url);
    return { ownerUrl: url, appUrl: url, stop: async () => {} };
  }
  const { EmbeddedPostgres } = built('libs/platform/local-stack/src/embedded-postgres/embedded-postgres.js');
  const homeDir = mkdtempSync(join(tmpdir(), 'arcadia-bench-'));
  const server = await EmbeddedPostgres.start({ homeDir, databases: ['bench'], durability: 'durable', wishedPort: 0 });
  await prepareDatabase(server.ownerUrl('bench'), server.appUrl('bench'));
  return {
    ownerUrl: server.ownerUrl('bench'),
    appUrl: server.appUrl('bench'),
    stop: async () => {
      await server.stop();
      rmSync(homeDir, { recursive: true, force: true });
    },
  };
}

/** The product's config as its processes read it. */
export function configFor(env) {
  const { loadConfig } = built('libs/platform/config/src/index.js');
  return loadConfig({
    NODE_ENV: 'test',
    LOG_LEVEL: 'error',
    JWT_SECRET: 'a-secret-of-measurements-long-enough-for-hs512-and-used-nowhere-else-at-all',
    DO_RATE_PER_MINUTE: '1000000',
    DO_RATE_PER_HOUR: '1000000',
    DO_ROUTE_RATE_PERCENT: '1000000',
    ...env,
  });
}

/** The inventory over a database and a provider, in this process. */
export async function openInventory(env) {
  require('reflect-metadata');
  const { NestFactory } = require('@nestjs/core');
  const { ConfigModule } = built('libs/platform/config/src/index.js');
  const { DatabaseModule, Database } = built('libs/platform/database/src/index.js');
  const { AuditModule } = built('libs/platform/audit/src/index.js');
  const { DigitalOceanModule } = built('libs/platform/digitalocean/src/index.js');
  const { InventoryModule, SweepService } = built('libs/features/inventory/src/index.js');
  class Measured {}
  const imports = [ConfigModule.forRoot(configFor(env)), DatabaseModule, AuditModule, DigitalOceanModule, InventoryModule];
  const context = await NestFactory.createApplicationContext({ module: Measured, imports }, { logger: ['error'] });
  return {
    sweeps: context.get(SweepService, { strict: false }),
    database: context.get(Database, { strict: false }),
    get: (service) => context.get(service, { strict: false }),
    close: () => context.close(),
  };
}

/** What reads invoices, over a database and a provider, in this process. */
export async function openBilling(env) {
  require('reflect-metadata');
  const { NestFactory } = require('@nestjs/core');
  const { ConfigModule } = built('libs/platform/config/src/index.js');
  const { DatabaseModule } = built('libs/platform/database/src/index.js');
  const { AuditModule } = built('libs/platform/audit/src/index.js');
  const { DigitalOceanModule } = built('libs/platform/digitalocean/src/index.js');
  const { InventoryModule } = built('libs/features/inventory/src/index.js');
  const { BillingHistory, ProviderBillingModule, InvoiceIngest } = built('libs/features/provider-billing/src/index.js');
  class Measured {}
  const features = [DigitalOceanModule, InventoryModule, ProviderBillingModule];
  const imports = [ConfigModule.forRoot(configFor(env)), DatabaseModule, AuditModule, ...features];
  const context = await NestFactory.createApplicationContext({ module: Measured, imports }, { logger: ['error'] });
  return {
    history: context.get(BillingHistory, { strict: false }),
    ingest: context.get(InvoiceIngest, { strict: false }),
    close: () => context.close(),
  };
}

/** What answers costs over a database, in this process; it asks no provider. */
export async function openCosts(env) {
  require('reflect-metadata');
  const { NestFactory } = require('@nestjs/core');
  const { ConfigModule } = built('libs/platform/config/src/index.js');
  const { DatabaseModule } = built('libs/platform/database/src/index.js');
  const { AuditModule } = built('libs/platform/audit/src/index.js');
  const { DigitalOceanModule } = built('libs/platform/digitalocean/src/index.js');
  const { CostsModule, CostService } = built('libs/features/costs/src/index.js');
  class Measured {}
  const imports = [ConfigModule.forRoot(configFor(env)), DatabaseModule, AuditModule, DigitalOceanModule, CostsModule];
  const context = await NestFactory.createApplicationContext({ module: Measured, imports }, { logger: ['error'] });
  return { costs: context.get(CostService, { strict: false }), close: () => context.close() };
}

/** What tenants pay, and the costs that they see, over a database, in this process. `service` gets one by its class name. */
export async function openTenantBilling(env) {
  require('reflect-metadata');
  const { NestFactory } = require('@nestjs/core');
  const { ConfigModule } = built('libs/platform/config/src/index.js');
  const { DatabaseModule } = built('libs/platform/database/src/index.js');
  const { AuditModule } = built('libs/platform/audit/src/index.js');
  const { EventsModule } = built('libs/platform/events/src/index.js');
  const { DigitalOceanModule } = built('libs/platform/digitalocean/src/index.js');
  const { CostsModule, CostService } = built('libs/features/costs/src/index.js');
  const billing = built('libs/features/tenant-billing/src/index.js');
  class Measured {}
  const own = [CostsModule, billing.TenantBillingModule];
  const imports = [ConfigModule.forRoot(configFor(env)), DatabaseModule, AuditModule, EventsModule, DigitalOceanModule, ...own];
  const context = await NestFactory.createApplicationContext({ module: Measured, imports }, { logger: ['error'] });
  const service = (name) => context.get({ CostService, ...billing }[name], { strict: false });
  return { service, close: () => context.close() };
}

/** Drift over a database, in this process; it asks no provider. */
export async function openDrift(env) {
  require('reflect-metadata');
  const { NestFactory } = require('@nestjs/core');
  const { ConfigModule } = built('libs/platform/config/src/index.js');
  const { DatabaseModule } = built('libs/platform/database/src/index.js');
  const { AuditModule } = built('libs/platform/audit/src/index.js');
  const { DigitalOceanModule } = built('libs/platform/digitalocean/src/index.js');
  const { DriftDetectionService, DriftModule } = built('libs/features/drift/src/index.js');
  class Measured {}
  const imports = [ConfigModule.forRoot(configFor(env)), DatabaseModule, AuditModule, DigitalOceanModule, DriftModule];
  const context = await NestFactory.createApplicationContext({ module: Measured, imports }, { logger: ['error'] });
  return { detection: context.get(DriftDetectionService, { strict: false }), close: () => context.close() };
}

/** The saga engine over a database, in this process. */
export async function openSagas(env) {
  require('reflect-metadata');
  const { NestFactory } = require('@nestjs/core');
  const { ConfigModule } = built('libs/platform/config/src/index.js');
  const { Database, DatabaseModule } = built('libs/platform/database/src/index.js');
  const { AuditModule } = built('libs/platform/audit/src/index.js');
  const { SagaEngine, SagaModule, SagaStarter } = built('libs/engine/saga/src/index.js');
  class Measured {}
  const imports = [ConfigModule.forRoot(configFor(env)), DatabaseModule, AuditModule, SagaModule];
  const context = await NestFactory.createApplicationContext({ module: Measured, imports }, { logger: ['error'] });
  const engine = context.get(SagaEngine, { strict: false });
  return {
    engine,
    starts: context.get(SagaStarter, { strict: false }),
    database: context.get(Database, { strict: false }),
    close: async () => {
      await engine.drain();
      await context.close();
    },
  };
}

/** The sagas that touch the provider, over a database and a provider, in this process. */
export async function openProvisioning(env) {
  require('reflect-metadata');
  const { NestFactory } = require('@nestjs/core');
  const { ConfigModule } = built('libs/platform/config/src/index.js');
  const { Database, DatabaseModule } = built('libs/platform/database/src/index.js');
  const { AuditModule } = built('libs/platform/audit/src/index.js');
  const { DigitalOceanModule } = built('libs/platform/digitalocean/src/index.js');
  const { InventoryModule, SweepService } = built('libs/features/inventory/src/index.js');
  const { ProvisioningModule } = built('libs/features/provisioning/src/index.js');
  const { SagaEngine, SagaModule, SagaStarter } = built('libs/engine/saga/src/index.js');
  class Measured {}
  const features = [DigitalOceanModule, InventoryModule, SagaModule, ProvisioningModule];
  const imports = [ConfigModule.forRoot(configFor(env)), DatabaseModule, AuditModule, ...features];
  const context = await NestFactory.createApplicationContext({ module: Measured, imports }, { logger: ['error'] });
  const engine = context.get(SagaEngine, { strict: false });
  return {
    engine,
    starts: context.get(SagaStarter, { strict: false }),
    sweeps: context.get(SweepService, { strict: false }),
    database: context.get(Database, { strict: false }),
    get: (service) => context.get(service, { strict: false }),
    close: async () => {
      await engine.drain();
      await context.close();
    },
  };
}

/** Sends a request to the simulator's control API and returns the answer's JSON. */
export const simulatorControl = (url) => async (method, path, body) => {
  const response = await fetch(`${url}/_simulator/${path}`, { method, body: body && JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text === '' ? undefined : JSON.parse(text);
};

/** The simulated provider in this process, without lags and limits: what is measured is ours. */
export async function startQuietSimulator() {
  const { startSimulator } = built('apps/simulator/src/index.js');
  const simulator = await startSimulator({ empty: true });
  const control = simulatorControl(simulator.url);
  const { lags, account } = await control('GET', 'account');
  await control('PUT', 'account', {
    lags: Object.fromEntries(Object.keys(lags).map((name) => [name, 0])),
    limits: { per_minute: 1_000_000, per_hour: 1_000_000 },
    account: { ...account, droplet_limit: 1_000_000 },
  });
  return { ...simulator, url: simulator.url, token: simulator.token, control, close: () => simulator.close() };
}

/** A helper program of this folder; resolves with what it says first. It ends with this process. */
export async function startHelper(file, env = {}) {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), { env: { ...process.env, ...env } });
  const said = await new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code) => reject(new Error(`${file} ended with ${code}`)));
  });
  return { ...said, stop: () => void child.kill('SIGKILL') };
}

/** Durable work so far: transactions that wrote, and bytes of write-ahead log. */
export async function durableWork(client) {
  const { rows } = await client.query(`select pg_current_xact_id()::text as xid, pg_current_wal_lsn() - '0/0'::pg_lsn as wal`);
  return { xid: Number(rows[0].xid), wal: Number(rows[0].wal) };
}

export const rssMb = () => Math.round(process.memoryUsage().rss / 1_048_576);
export const round = (value, digits = 1) => Math.round(value * 10 ** digits) / 10 ** digits;
export const pgClient = (url) => new (require('pg').Client)({ connectionString: url });

/** The one line of a measurement. */
export function report(bench, result) {
  console.log(JSON.stringify({ bench, ...result, at: { cpus: cpus().length, node: process.version, load1: round(loadavg()[0], 2) } }));
}
