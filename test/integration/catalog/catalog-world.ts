import { Catalog, CatalogModule } from '#libs/catalog';
import { ConfigModule, loadConfig } from '#libs/config';
import { Database, DatabaseModule } from '#libs/database';
import { DigitalOceanModule } from '#libs/digitalocean';
import { Module, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { startSimulator } from '../../../apps/simulator/src';
import { SimulatorClient } from '../../support/simulator-client';
import { createTestDatabase } from '../../support/database';

const FAST = {
  NODE_ENV: 'test',
  LOG_LEVEL: 'error',
  DO_RATE_PER_MINUTE: '1000000',
  DO_RATE_PER_HOUR: '1000000',
  JWT_SECRET: 'a-secret-of-tests-that-is-long-enough-for-hs512-and-is-used-nowhere-else',
};

export interface CatalogWorld {
  readonly simulator: SimulatorClient;
  readonly database: Database;
  readonly catalog: Catalog;
  /** Opens another process on the same database and provider, and returns its catalog. */
  readonly another: () => Promise<Catalog>;
  /** All rows of the stored copy, with the time of the refresh. */
  readonly copy: () => Promise<unknown>;
  readonly close: () => Promise<void>;
}

/** Creates an account without resources, and one process that has not read the provider's offers yet. */
export async function newCatalogWorld(): Promise<CatalogWorld> {
  const provider = await startSimulator({ empty: true });
  const simulator = new SimulatorClient(provider.url);
  await simulator.allow({ per_minute: 1_000_000, per_hour: 1_000_000 });
  const stored = await createTestDatabase();
  const opened: INestApplicationContext[] = [];
  const open = async () => {
    const given = { DATABASE_URL: stored.appUrl, DO_API_URL: provider.url, DO_API_TOKEN: provider.token };
    const context = await NestFactory.createApplicationContext(catalogOver({ ...FAST, ...given }), { logger: ['error'] });
    opened.push(context);
    return context;
  };
  const here = await open();
  const database = here.get(Database);
  return {
    simulator,
    database,
    catalog: here.get(Catalog, { strict: false }),
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

function catalogOver(env: Record<string, string>) {
  @Module({ imports: [ConfigModule.forRoot(loadConfig(env)), DatabaseModule, DigitalOceanModule, CatalogModule] })
  class CatalogUnderTest {}
  return CatalogUnderTest;
}
