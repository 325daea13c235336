import type { Config } from '#libs/config';
import { Database } from '#libs/database';
import { DigitalOcean, idText, record, type ListPage } from '#libs/digitalocean';
import { createTestDatabase, type TestDatabase } from './database';
import { aClient } from './a-client';
import { ScriptedProvider } from './scripted-provider';
import { testConfig } from './settings';

export const TOKEN = 'dop_v1_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef';

export interface World {
  /** The provider of this test. `reset` starts another one, so that a call abandoned by one test cannot arrive in the next. */
  readonly provider: ScriptedProvider;
  readonly stored: TestDatabase;
  /** Another client, as another process has it: own state in memory, the same database. */
  client(settings?: Partial<Config['provider']>): DigitalOcean;
  /** Reads the tables. */
  readonly database: Database;
  /** Deletes calls and tokens and replaces the provider, for the next test of a file. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

/** A provider, a database and any number of clients. Windows are short, so that a "minute" passes in a test. */
export async function newWorld(settings: Partial<Config['provider']> = {}): Promise<World> {
  const [first, stored] = await Promise.all([ScriptedProvider.start(), createTestDatabase()]);
  const base = testConfig({ DATABASE_URL: stored.appUrl, DO_API_URL: first.url, DO_API_TOKEN: TOKEN });
  const database = new Database(base);
  const clients: DigitalOcean[] = [];
  let provider = first;
  return {
    get provider() {
      return provider;
    },
    stored,
    database,
    client(own = {}) {
      const providerSettings = { ...base.provider, url: provider.url, callTimeoutMs: 2_000, ...settings, ...own };
      const created = aClient({ ...base, provider: providerSettings }, database);
      clients.push(created);
      return created;
    },
    async reset() {
      await database.query('delete from provider_calls');
      await database.query('delete from provider_tokens');
      await provider.stop();
      provider = await ScriptedProvider.start();
    },
    async close() {
      await Promise.all(clients.map((client) => client.beforeApplicationShutdown()));
      for (const client of clients) client.onApplicationShutdown();
      await provider.stop();
      await database.close();
      await stored.drop();
    },
  };
}

/** A list request for objects of which only the id matters. */
export function aList(path = '/v2/droplets', key = 'droplets') {
  return {
    purpose: 'sync-full',
    path,
    key,
    idOf: (id: string) => id,
    parse: (raw: unknown) => idText(record(raw, 'object'), 'id'),
  } as const;
}

export const aGet = {
  purpose: 'sync-fast',
  path: '/v2/droplets/1',
  key: 'droplet',
  parse: (raw: unknown) => idText(record(raw, 'droplet'), 'id'),
} as const;

export const aCreate = {
  purpose: 'provisioning',
  method: 'POST',
  path: '/v2/droplets',
  body: { name: 'web-1' },
  key: 'droplet',
  parse: aGet.parse,
} as const;

/** Reads a list to its end. Returns the objects, the pages, and the error if one ended the list. */
export async function readAll<T>(pages: AsyncIterable<ListPage<T>>): Promise<{ ids: T[]; pages: ListPage<T>[]; error?: unknown }> {
  const read: ListPage<T>[] = [];
  try {
    for await (const page of pages) read.push(page);
    return { ids: read.flatMap((page) => page.items), pages: read };
  } catch (error) {
    return { ids: read.flatMap((page) => page.items), pages: read, error };
  }
}

/** The error with which a promise rejects, otherwise undefined. */
export async function errorOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}
