import { Database } from '#libs/database';
import {
  Acceptance,
  AcceptanceGuard,
  SagaControls,
  SagaEngine,
  SagaModule,
  SagaQueries,
  SagaReader,
  SagaRegistry,
  SagaStarter,
  type SagaDefinition,
  type SagaView,
} from '#libs/saga';
import type { INestApplicationContext, Type } from '@nestjs/common';
import { Client } from 'pg';
import { createTestDatabase, type TestDatabase } from './database';
import { ADMIN, PLATFORM } from './principals';
import { createTestWorker } from './test-worker';
import { until } from './until';

const FAST = {
  SAGA_LEASE_MS: '1000',
  SAGA_RENEW_MS: '200',
  SAGA_RECONCILE_MS: '50',
};

/** The engine of a worker and the services of an api on one database. */
export interface SagaProcess {
  readonly engine: SagaEngine;
  readonly starts: SagaStarter;
  readonly controls: SagaControls;
  readonly reader: SagaReader;
  readonly queries: SagaQueries;
  readonly database: Database;
  /** Judges the starts of this process from now on. */
  readonly useGuard: (guard: AcceptanceGuard) => void;
  readonly get: <T>(token: Type<T>) => T;
}

export class SagaWorld {
  private readonly opened: INestApplicationContext[] = [];

  private constructor(
    private readonly stored: TestDatabase,
    /** A session of the database owner, which reads all rows. */
    readonly owner: Client,
  ) {}

  static async create(): Promise<SagaWorld> {
    const stored = await createTestDatabase();
    const owner = new Client({ connectionString: stored.ownerUrl });
    await owner.connect();
    return new SagaWorld(stored, owner);
  }

  /** For a process that a test can kill. */
  get appUrl(): string {
    return this.stored.appUrl;
  }

  get ownerUrl(): string {
    return this.stored.ownerUrl;
  }

  /** Opens another process. Its engine is not started. `features` are modules that start or guard sagas. */
  async process(
    definitions: readonly SagaDefinition[] = [],
    env: Record<string, string> = {},
    features: readonly Type[] = [],
  ): Promise<SagaProcess> {
    const context = await createTestWorker([SagaModule, ...features], { ...FAST, DATABASE_URL: this.stored.appUrl, ...env });
    this.opened.push(context);
    const registry = context.get(SagaRegistry, { strict: false });
    for (const definition of definitions) registry.register(definition);
    return {
      engine: context.get(SagaEngine, { strict: false }),
      starts: context.get(SagaStarter, { strict: false }),
      controls: context.get(SagaControls, { strict: false }),
      reader: context.get(SagaReader, { strict: false }),
      queries: context.get(SagaQueries, { strict: false }),
      database: context.get(Database, { strict: false }),
      useGuard: (guard) => context.get(Acceptance, { strict: false }).useGuard(guard),
      get: (token) => context.get(token, { strict: false }),
    };
  }

  async end(): Promise<void> {
    for (const context of this.opened) {
      const engine = context.get(SagaEngine, { strict: false });
      const drained = engine.drain();
      engine.abandon();
      await drained;
      await context.close();
    }
    await this.owner.end();
    await this.stored.drop();
  }
}

/** Starts a saga and waits for its end, or for one of the given statuses. */
export async function run(
  { starts, reader, engine }: SagaProcess,
  kind: string,
  input: Record<string, unknown>,
  statuses: readonly string[] = ['completed', 'rolled_back', 'failed', 'compensation_failed'],
): Promise<SagaView> {
  const id = await starts.start({ kind, input, tenantId: null, because: ADMIN });
  engine.wake();
  return settled(reader, id, statuses);
}

export async function settled(reader: SagaReader, id: string, statuses: readonly string[]): Promise<SagaView> {
  await until(async () => statuses.includes((await reader.get(PLATFORM, id)).status), {
    what: `saga ${id} being ${statuses.join(' or ')}`,
  });
  return reader.get(PLATFORM, id);
}

/** The ledger as `name: status`. */
export const ledger = ({ steps }: SagaView): string[] => steps.map(({ name, status }) => `${name}: ${status}`);
