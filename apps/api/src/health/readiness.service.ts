import { Injectable, ServiceUnavailableException, type BeforeApplicationShutdown } from '@nestjs/common';
import { HealthCheckService, HealthIndicatorService, type HealthCheckResult, type HealthIndicatorResult } from '@nestjs/terminus';
import { Database } from '#libs/database';
import { QueueHealth } from '#libs/queues';
import { pingWithTimeout } from '#libs/runtime';
import { NotReadyError, type Check } from '../http/not-ready.error';
import type { ReadinessResponse, ServingResponse } from './health.dto';
import { SchemaGate } from './schema-gate';

/** The state of this process and its dependencies. It never calls the provider: an outage there is no reason to remove the api. [OPS-6] */
@Injectable()
export class ReadinessService implements BeforeApplicationShutdown {
  private stopping = false;
  private readonly running = new Map<string, Promise<unknown>>();

  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly database: Database,
    private readonly queues: QueueHealth,
    private readonly schema: SchemaGate,
  ) {}

  /** Throws `NotReadyError` unless every dependency is available. */
  ready(): Promise<ReadinessResponse> {
    return this.shared('ready', async () => {
      const { database, queues } = await this.check({
        database: () => this.pingDatabase(),
        queues: () => pingWithTimeout(this.queues.ping()),
      });
      return { status: 'ready', checks: { database, queues } };
    });
  }

  /** Like `ready()`, without the queue check: reads do not use queues, and saga starts are committed before a worker is notified. */
  serving(): Promise<ServingResponse> {
    return this.shared('serving', async () => {
      const { database } = await this.check({ database: () => this.pingDatabase() });
      return { status: 'serving', checks: { database } };
    });
  }

  beforeApplicationShutdown(): void {
    this.stopping = true;
  }

  /** Concurrent requests share one check, so that a public route cannot be used to load the database. */
  private shared<T>(name: string, check: () => Promise<T>): Promise<T> {
    const running = this.running.get(name) as Promise<T> | undefined;
    if (running) return running;
    const started = check().finally(() => this.running.delete(name));
    this.running.set(name, started);
    return started;
  }

  private async check<Name extends string>(pings: Record<Name, () => Promise<Check>>): Promise<Record<Name, Check>> {
    if (this.stopping) throw new NotReadyError({ process: 'stopping' });
    const names = Object.keys(pings) as Name[];
    try {
      return checksOf(await this.health.check(names.map((name) => () => this.indicate(name, pings[name]))));
    } catch (error) {
      if (!(error instanceof ServiceUnavailableException)) throw error;
      if (this.stopping) throw new NotReadyError({ process: 'stopping' });
      const found = checksOf(error.getResponse() as HealthCheckResult);
      throw new NotReadyError(Object.fromEntries(names.map((name) => [name, found[name] ?? 'down'])));
    }
  }

  private async indicate(name: string, ping: () => Promise<Check>): Promise<HealthIndicatorResult> {
    const check = await ping();
    const indicator = this.indicators.check(name);
    return check === 'ok' ? indicator.up({ check }) : indicator.down({ check });
  }

  private async pingDatabase(): Promise<Check> {
    const reachable = await pingWithTimeout(this.database.ping());
    return reachable === 'ok' && !this.schema.open ? 'schema_missing' : reachable;
  }
}

function checksOf({ details }: HealthCheckResult): Record<string, Check> {
  return Object.fromEntries(Object.entries(details).map(([name, found]) => [name, (found as unknown as { check: Check }).check]));
}
