import { DescribedTenants, ProjectService, type ProjectView } from '#libs/accounts';
import { Database } from '#libs/database';
import {
  ChangeCauses,
  CompletenessReader,
  DueSweeps,
  InventoryModule,
  InventoryReader,
  ResourceRegistrar,
  OwnershipService,
  SweepReader,
  SweepService,
  type SweepView,
} from '#libs/inventory';
import type { ListAnswer, PageRequest } from '#libs/kernel';
import { TenantWriter } from '#libs/tenants';
import type { INestApplicationContext, Type } from '@nestjs/common';
import { createTestDatabase, emptyTables, type TestDatabase } from './database';
import { UNLIMITED_CALLS } from './settings';
import type { SimulatorClient } from './simulator-client';
import { startTestProvider } from './test-provider';
import { createTestWorker } from './test-worker';

/** Settings that let a whole history of strikes pass within a test. A test can override each of them. */
const FAST = {
  STRIKE_SPACING_MS: '0',
  PLACEHOLDER_STRIKE_SPACING_MS: '0',
  DELETION_LAG_MS: '0',
  ...UNLIMITED_CALLS,
};

/** One account at a simulated provider, one database, and the inventory over both. */
export interface World {
  readonly simulator: SimulatorClient;
  readonly database: Database;
  /** Connection strings of the database, that of its owner among them. Statements run on `database`, also those of `factories.ts`. */
  readonly owner: TestDatabase;
  readonly sweeps: SweepService;
  readonly inventory: InventoryReader;
  readonly projects: { readonly list: (page: PageRequest) => Promise<ListAnswer<ProjectView>> };
  readonly register: ResourceRegistrar;
  readonly ledger: SweepReader;
  readonly owners: OwnershipService;
  readonly tenants: TenantWriter;
  readonly described: DescribedTenants;
  readonly causes: ChangeCauses;
  readonly sweep: (kind: string) => Promise<SweepView>;
  /** Any other service of the process. */
  readonly service: <T>(type: Type<T>) => T;
  /** The sweeps that a worker would start now. */
  readonly due: DueSweeps;
  /** The services of another process over the same database and provider. */
  readonly another: (settings?: Record<string, string>) => Promise<Pick<World, 'sweeps' | 'database'>>;
  /** Empties the account and what is known of it: quicker than a new world, which serves tests that count calls or restart processes. */
  readonly forget: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Opens a fresh world. The simulator's lags are off unless a test turns some on. */
export async function newWorld(
  settings: Record<string, string> = {},
  simulated: { empty?: boolean; seed?: number } = { empty: true },
): Promise<World> {
  const { provider, simulator, settings: found } = await startTestProvider(simulated);
  await simulator.withoutLags();
  const owner = await createTestDatabase();
  const opened: INestApplicationContext[] = [];
  const open = async (more: Record<string, string>) => {
    const context = await openInventory({ DATABASE_URL: owner.appUrl, ...found, ...settings, ...more });
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
    projects: {
      list: (page) => {
        const completeness = here.get(CompletenessReader, { strict: false });
        return here.get(ProjectService, { strict: false }).list(page, () => completeness.ofKind('project'));
      },
    },
    register: here.get(ResourceRegistrar, { strict: false }),
    ledger: here.get(SweepReader, { strict: false }),
    owners: here.get(OwnershipService, { strict: false }),
    tenants: here.get(TenantWriter, { strict: false }),
    described: here.get(DescribedTenants, { strict: false }),
    causes: here.get(ChangeCauses, { strict: false }),
    sweep: (kind) => sweeps.run(kind, { trigger: 'manual' }),
    service: (type) => here.get(type, { strict: false }),
    due: here.get(DueSweeps, { strict: false }),
    another: async (more = {}) => {
      const context = await open(more);
      return { sweeps: context.get(SweepService), database: context.get(Database) };
    },
    forget: async () => {
      await simulator.reset(simulated);
      await simulator.withoutLags();
      await emptyTables(owner.ownerUrl, 'cloud_resources', 'cloud_projects', 'cloud_sweeps');
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
  return createTestWorker([InventoryModule], { ...FAST, ...env });
}
