import { domainError, withTimeout } from '#libs/kernel';
import {
  Injectable,
  ServiceUnavailableException,
  type BeforeApplicationShutdown,
  type FactoryProvider,
  type InjectionToken,
} from '@nestjs/common';

/** The state of a dependency. */
export type Check = 'ok' | 'down' | 'schema_missing' | 'waiting' | 'refused' | 'stopping';

/** A dependency of a process. The library or app that owns the dependency declares it, and the app passes it to its readiness. */
export interface ReadinessIndicator {
  readonly name: string;
  /** Resolves with the state, without one for `ok`. A rejection means `down`, and so does a ping without a result within 2 s. */
  ping(): Promise<Check | void>;
}

/** The part of Terminus' `HealthCheckService` that runs indicators. Apps depend on that package, libraries do not. */
export interface HealthChecks {
  check(indicators: (() => Promise<Record<string, Indicated>>)[]): Promise<{ readonly details: unknown }>;
}

interface Indicated {
  readonly status: 'up' | 'down';
  readonly check: Check;
}

const PING_LIMIT_MS = 2_000;

/** A dependency of every request is missing (the database, its schema or the queues), or the process is stopping. */
export class NotReadyError extends domainError('not_ready', 'unavailable') {
  override readonly retryAfterMs = 1_000;

  constructor(readonly checks: Readonly<Record<string, string>>) {
    super('The service cannot work at the moment');
  }
}

/**
 * The readiness of a process, by the state of its dependencies. No indicator calls the provider: an outage there is no reason to remove a
 * process. [OPS-6]
 */
@Injectable()
export class ReadinessService implements BeforeApplicationShutdown {
  private stopping = false;
  private readonly running = new Map<string, Promise<Record<string, Check>>>();

  private constructor(
    private readonly health: HealthChecks,
    private readonly indicators: readonly ReadinessIndicator[],
  ) {}

  /** The provider of an app: its runner of health checks, and its indicators in the order of the answer. */
  static provider(health: InjectionToken<HealthChecks>, indicators: readonly InjectionToken<ReadinessIndicator>[]): FactoryProvider {
    return {
      provide: ReadinessService,
      inject: [health, ...indicators],
      useFactory: (runner: HealthChecks, ...found: ReadinessIndicator[]) => new ReadinessService(runner, found),
    };
  }

  /** The state of each dependency, or of those named. Concurrent callers share one check, so that probes cannot load the database. */
  check(names: readonly string[] = this.indicators.map(({ name }) => name)): Promise<Record<string, Check>> {
    const key = names.join();
    const running = this.running.get(key);
    if (running) return running;
    const started = this.run(names).finally(() => this.running.delete(key));
    this.running.set(key, started);
    return started;
  }

  /** Throws `NotReadyError` unless the process can use all these dependencies and is not stopping. */
  async require<Name extends string>(names: readonly Name[]): Promise<Record<Name, 'ok'>> {
    this.refuseWhenStopping();
    const checks = await this.check(names);
    this.refuseWhenStopping();
    if (Object.values(checks).some((check) => check !== 'ok')) throw new NotReadyError(checks);
    return checks as Record<Name, 'ok'>;
  }

  beforeApplicationShutdown(): void {
    this.stopping = true;
  }

  private refuseWhenStopping(): void {
    if (this.stopping) throw new NotReadyError({ process: 'stopping' });
  }

  private async run(names: readonly string[]): Promise<Record<string, Check>> {
    const chosen = this.indicators.filter(({ name }) => names.includes(name));
    const details = await this.detailsOf(chosen.map((indicator) => () => indicate(indicator)));
    return Object.fromEntries(chosen.map(({ name }) => [name, details[name]?.check ?? 'down']));
  }

  private async detailsOf(indicators: Parameters<HealthChecks['check']>[0]): Promise<Partial<Record<string, Indicated>>> {
    try {
      return (await this.health.check(indicators)).details as Record<string, Indicated>;
    } catch (error) {
      if (!(error instanceof ServiceUnavailableException)) throw error;
      return (error.getResponse() as { readonly details: Record<string, Indicated> }).details;
    }
  }
}

async function indicate(indicator: ReadinessIndicator): Promise<Record<string, Indicated>> {
  const late = () => new Error(`no answer within ${PING_LIMIT_MS} ms`);
  const check = await withTimeout(indicator.ping(), PING_LIMIT_MS, late).then(
    (state) => state ?? 'ok',
    () => 'down' as const,
  );
  return { [indicator.name]: { status: check === 'ok' ? 'up' : 'down', check } };
}
