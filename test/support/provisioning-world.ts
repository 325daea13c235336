import { Catalog } from '#libs/catalog';
import { Database, withSession } from '#libs/database';
import { DriftModule } from '#libs/drift';
import { InventoryReader, SweepService, type ResourceView } from '#libs/inventory';
import { DesiredStateRepository, ProvisioningModule, Reaper } from '#libs/provisioning';
import { SagaControls, SagaEngine, SagaModule, SagaReader, SagaStarter, type SagaView } from '#libs/saga';
import type { INestApplicationContext, Type } from '@nestjs/common';
import { Client } from 'pg';
import { createTestDatabase, type TestDatabase } from './database';
import { ADMIN, PLATFORM } from './principals';
import { limitTenants } from './factories';
import { UNLIMITED_CALLS } from './settings';
import type { SimulatorClient } from './simulator-client';
import { startTestProvider } from './test-provider';
import { createTestWorker } from './test-worker';
import { until } from './until';

export const ACME = '00000000-0000-4000-8000-00000000000a';
const DEFAULT = '00000000-0000-4000-8000-00000000000d';

/** The simulator's lags are divided by this number. `PROVIDER_LAG_MS` is longer than each of the results. */
const SLOWNESS = 40;
const FAST = {
  ...UNLIMITED_CALLS,
  SAGA_LEASE_MS: '2000',
  SAGA_RENEW_MS: '400',
  SAGA_RECONCILE_MS: '25',
  SAGA_POLL_MS: '50',
  PROVIDER_LAG_MS: '1000',
};

export interface ProvisioningProcess {
  readonly engine: SagaEngine;
  readonly starts: SagaStarter;
  readonly controls: SagaControls;
  readonly reader: SagaReader;
  readonly inventory: InventoryReader;
  readonly specs: DesiredStateRepository;
  readonly sweeps: SweepService;
  readonly database: Database;
  readonly get: <T>(token: Type<T>) => T;
}

export interface ProvisioningWorld extends ProvisioningProcess {
  readonly simulator: SimulatorClient;
  /** The inventory id of the project of tenant acme. */
  readonly projectId: string;
  /** Opens another process on the same database and provider. Its engine is not started. */
  readonly another: (env?: Record<string, string>) => Promise<ProvisioningProcess>;
  readonly start: (kind: string, input: Record<string, unknown>, tenantId?: string | null) => Promise<string>;
  /** Starts a saga and waits for its end. */
  readonly run: (kind: string, input: Record<string, unknown>, tenantId?: string | null) => Promise<SagaView>;
  /** Returns the ids of the existing droplets, read from the simulator itself. */
  readonly alive: () => Promise<number[]>;
  /** Runs one round of the reaper, even if none is due. */
  readonly reap: () => Promise<void>;
  readonly reapWith: (process: ProvisioningProcess) => Promise<void>;
  /** Runs a statement as the owner of the database. */
  readonly asOwner: (statement: string, values?: unknown[]) => Promise<unknown[]>;
  readonly ended: (id: string) => Promise<SagaView>;
  readonly resource: (kind: string, providerId: string) => Promise<ResourceView | undefined>;
  readonly close: () => Promise<void>;
}

export const ORDER = { name: 'web-1', size_slug: 's-1vcpu-1gb', region: 'fra1', image: 'ubuntu-24-04-x64' };
const ENDS = ['completed', 'rolled_back', 'failed', 'compensation_failed'];

/**
 * Creates an account with a default project and a project of tenant acme, and the services of one worker with a running engine. Tenants have
 * no limits but the given ones.
 */
export async function newProvisioningWorld(
  env: Record<string, string> = {},
  own?: TestDatabase,
  limits: Readonly<Record<string, unknown>> = {},
): Promise<ProvisioningWorld> {
  const { provider, simulator, settings } = await startTestProvider();
  const { lags, account } = await simulator.account();
  await simulator.change({ account: { ...account, droplet_limit: 100_000 } });
  await simulator.change({ lags: Object.fromEntries(Object.entries(lags).map(([name, ms]) => [name, Math.round(ms / SLOWNESS)])) });
  await simulator.change(ACCOUNT);
  const stored = own ?? (await createTestDatabase());
  const opened: ProvisioningProcess[] = [];
  const contexts: INestApplicationContext[] = [];
  const another = async (more: Record<string, string> = {}): Promise<ProvisioningProcess> => {
    const given = { ...FAST, DATABASE_URL: stored.appUrl, ...settings, ...env, ...more };
    const context = await createTestWorker([SagaModule, ProvisioningModule, DriftModule], given);
    contexts.push(context);
    const get = <T>(token: Type<T>) => context.get(token, { strict: false });
    const process: ProvisioningProcess = {
      engine: get(SagaEngine),
      starts: get(SagaStarter),
      controls: get(SagaControls),
      reader: get(SagaReader),
      inventory: get(InventoryReader),
      specs: get(DesiredStateRepository),
      sweeps: get(SweepService),
      database: get(Database),
      get,
    };
    opened.push(process);
    return process;
  };
  await withSession(stored.ownerUrl, 'owner', (owner) => limitTenants(owner, limits));
  const here = await another();
  await here.sweeps.run('project', { trigger: 'manual' });
  await here.get(Catalog).refresh('provisioning'); // a tenant orders nothing without a price
  const [acme] = await here.database.query<{ id: string }>(`select id from cloud_projects where tenant_id = 'acme'`);
  here.engine.start();
  const ended = async (id: string) => {
    await until(async () => ENDS.includes((await here.reader.get(PLATFORM, id)).status), {
      withinMs: 60_000,
      what: `the end of saga ${id}`,
    });
    return here.reader.get(PLATFORM, id);
  };
  const reapWith = async (process: ProvisioningProcess) => {
    await process.database.query('update provider_poll_results set asked_at = null');
    await process.get(Reaper).round();
  };
  /** A tenant names the droplet that it destroys, as it has read it. */
  const asClientsSend = async (kind: string, input: Record<string, unknown>, tenantId: string | null) => {
    if (kind !== 'destroy_droplet' || tenantId === null || input.expected_name !== undefined) return input;
    const found = await here.inventory.get(PLATFORM, String(input.resource_id)).catch(() => undefined);
    return { ...input, ...(found && { expected_name: found.name }) };
  };
  const start = async (kind: string, input: Record<string, unknown>, tenantId: string | null = 'acme') => {
    const id = await here.starts.start({ kind, input: await asClientsSend(kind, input, tenantId), tenantId, because: ADMIN });
    here.engine.wake();
    return id;
  };
  return {
    ...here,
    simulator,
    projectId: acme?.id ?? '',
    another,
    start,
    ended,
    alive: async () => (await simulator.droplets()).filter((droplet) => droplet.deleted_at === undefined).map(({ id }) => id),
    reap: () => reapWith(here),
    reapWith,
    asOwner: async (statement, values) => {
      const owner = new Client({ connectionString: stored.ownerUrl });
      await owner.connect();
      try {
        return (await owner.query(statement, values)).rows as unknown[];
      } finally {
        await owner.end();
      }
    },
    run: async (kind, input, tenantId) => ended(await start(kind, input, tenantId)),
    resource: async (kind, providerId) => {
      const { data } = await here.inventory.list(PLATFORM, { kind }, { limit: 200 });
      return data.find((row) => row.provider_id === providerId);
    },
    close: async () => {
      for (const { engine } of opened) {
        const drained = engine.drain();
        engine.abandon();
        await drained;
      }
      for (const context of contexts) await context.close();
      await provider.close();
      await stored.drop();
    },
  };
}

function aProject(id: string, name: string, description: string) {
  return {
    id,
    name,
    description,
    purpose: 'Web Application',
    environment: 'Production',
    is_default: id === DEFAULT,
    created_at: '2025-01-01T00:00:00Z',
    updated_at: '2025-01-01T00:00:00Z',
  };
}

/** The account has two projects: a default one without a tenant, and one of tenant acme. */
export const ACCOUNT = { projects: [aProject(DEFAULT, 'first-project', ''), aProject(ACME, 'Acme', 'tenant:acme')], members: [] };
