import { Catalog, CatalogModule } from '#libs/catalog';
import { Database } from '#libs/database';
import type { INestApplicationContext, Type } from '@nestjs/common';
import { createTestDatabase } from '../../support/database';
import { UNLIMITED_CALLS } from '../../support/settings';
import type { SimulatorClient } from '../../support/simulator-client';
import { startTestProvider } from '../../support/test-provider';
import { createTestWorker } from '../../support/test-worker';

export interface CatalogWorld {
  readonly simulator: SimulatorClient;
  readonly database: Database;
  readonly catalog: Catalog;
  readonly service: <T>(type: Type<T>) => T;
  /** Opens another process on the same database and provider, and returns its catalog. */
  readonly another: () => Promise<Catalog>;
  /** All rows of the stored copy, with the time of the refresh. */
  readonly copy: () => Promise<unknown>;
  readonly close: () => Promise<void>;
}

/** Creates an account without resources, and one process that has not read the provider's offers yet. */
export async function newCatalogWorld(): Promise<CatalogWorld> {
  const { provider, simulator, settings } = await startTestProvider();
  const stored = await createTestDatabase();
  const opened: INestApplicationContext[] = [];
  const open = async () => {
    const context = await createTestWorker([CatalogModule], { ...UNLIMITED_CALLS, DATABASE_URL: stored.appUrl, ...settings });
    opened.push(context);
    return context;
  };
  const here = await open();
  const database = here.get(Database);
  return {
    simulator,
    database,
    catalog: here.get(Catalog, { strict: false }),
    service: (type) => here.get(type, { strict: false }),
    another: async () => (await open()).get(Catalog, { strict: false }),
    copy: async () => ({
      taken: await database.query('select taken_at::text from provider_catalogue'),
      sizes: await database.query('select s::text from provider_sizes s order by slug'),
      regions: await database.query('select r::text from provider_regions r order by slug'),
      images: await database.query('select i::text from provider_images i order by slug'),
    }),
    close: async () => {
      for (const context of opened) await context.close();
      await provider.close();
      await stored.drop();
    },
  };
}
