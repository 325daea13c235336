import { AuditModule } from '#libs/audit';
import { ConfigModule, loadConfig } from '#libs/config';
import { Database, DatabaseModule } from '#libs/database';
import { DigitalOceanModule } from '#libs/digitalocean';
import {
  ChangeCauses,
  InventoryModule,
  InventoryReader,
  ResourceRegistrar,
  OwnershipService,
  ProjectReader,
  SweepReader,
  SweepService,
  type SweepView,
} from '#libs/inventory';
import { NestFactory } from '@nestjs/core';
import { Module, type INestApplicationContext } from '@nestjs/common';
import { startSimulator } from '../../apps/simulator/src';
import { createTestDatabase, type TestDatabase } from './database';
import { SimulatorClient } from './simulator-client';

/** Settings that let a whole history of strikes pass within a test. A test can override each of them. */
const FAST = {
  NODE_ENV: 'test',
  LOG_LEVEL: 'error',
  STRIKE_SPACING_MS: '0',
  PLACEHOLDER_STRIKE_SPACING_MS: '0',
  DELETION_LAG_MS: '0',
  DO_RATE_PER_MINUTE: '1000000',
  DO_RATE_PER_HOUR: '1000000',
  JWT_SECRET: 'a-secret-of-tests-that-is-long-enough-for-hs512-and-is-used-only-here',
};

/** One account at a simulated provider, one database, and the inventory over both. */
export interface World {
  readonly simulator: SimulatorClient;
  readonly database: Database;
  readonly owner: TestDatabase;
  readonly sweeps: SweepService;
  readonly inventory: InventoryReader;
  readonly projects: ProjectReader;
  readonly register: ResourceRegistrar;
  readonly ledger: SweepReader;
  readonly owners: OwnershipService;
  readonly causes: ChangeCauses;
  readonly sweep: (kind: string) => Promise<SweepView>;
  /** The services of another process over the same database and provider. */
  readonly another: (settings?: Record<string, string>) => Promise<Pick<World, 'sweeps' | 'database'>>;
  readonly close: () => Promise<void>;
}

/** The actor in tests that need one. */
export const ADMIN = { by: { sub: 'ada', role: 'platform_admin' } } as const;

/** Opens a fresh world. The simulator's lags are off unless a test turns some on. */
export async function newWorld(
  settings: Record<string, string> = {},
  simulated: { empty?: boolean; seed?: number } = { empty: true },
): Promise<World> {
  const provider = await startSimulator(simulated);
  const simulator = new SimulatorClient(provider.url);
  await simulator.withoutLags();
  await simulator.allow({ per_minute: 1_000_000, per_hour: 1_000_000 });
  const owner = await createTestDatabase();
  const opened: INestApplicationContext[] = [];
  const open = async (more: Record<string, string>) => {
    const context = await openInventory({
      DATABASE_URL: owner.appUrl,
      DO_API_URL: provider.url,
      DO_API_TOKEN: provider.token,
      ...settings,
      ...more,
    });
    opened.push(context);
    return context;
  };
  const here = await open({});
  const sweeps = here.get(SweepService);
  return {
    simulator,
    owner,
    sweeps,
    database: here.get(Database),
    inventory: here.get(InventoryReader, { strict: false }),
    projects: here.get(ProjectReader, { strict: false }),
    register: here.get(ResourceRegistrar, { strict: false }),
    ledger: here.get(SweepReader, { strict: false }),
    owners: here.get(OwnershipService, { strict: false }),
    causes: here.get(ChangeCauses, { strict: false }),
    sweep: (kind) => sweeps.run(kind, { trigger: 'manual' }),
    another: async (more = {}) => {
      const context = await open(more);
      return { sweeps: context.get(SweepService), database: context.get(Database) };
    },
    close: async () => {
      for (const context of opened.toReversed()) await context.close();
      await provider.close();
      await owner.drop();
    },
  };
}

/** The inventory's services over any provider. */
export function openInventory(env: Record<string, string>): Promise<INestApplicationContext> {
  return NestFactory.createApplicationContext(inventoryOver({ ...FAST, ...env }), { logger: ['error'] });
}

function inventoryOver(env: Record<string, string>) {
  @Module({ imports: [ConfigModule.forRoot(loadConfig(env)), DatabaseModule, AuditModule, DigitalOceanModule, InventoryModule] })
  class InventoryUnderTest {}
  return InventoryUnderTest;
}
