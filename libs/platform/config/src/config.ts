import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ConfigError } from './config.errors';
import { misspeltNames, purposeTokens, readVariables, type ConfigUse } from './environment';
import { developmentJwtSecret, fileProblem, type ExternalSecrets, type Secret } from './secrets';
import { TOKEN_PURPOSES, VARIABLES, type LogLevel, type TokenPurpose, type Values } from './variables';

export type Environment = 'development' | 'test' | 'production';

/** The whole environment, checked once at boot and frozen. Durations are milliseconds unless the name has another unit. */
export interface Config {
  readonly env: Environment;
  readonly production: boolean;
  /** The version in package.json. */
  readonly version: string;
  readonly logLevel: LogLevel;
  /** An absolute path. */
  readonly dataDir: string;
  /** The longest time from SIGTERM to the exit of a process. [OPS-6] */
  readonly shutdownMs: number;
  readonly http: { readonly host: string; readonly port: number; readonly corsOrigins: readonly string[]; readonly pageLimitMax: number };
  /** The port of the api's separate listener for scrapes; undefined without one. */
  readonly metricsPort: number | undefined;
  /** Tracing is off without an endpoint. `ratio` is the share of traces beginning in this process that is kept. */
  readonly tracing: { readonly endpoint: string | undefined; readonly headers: Secret | undefined; readonly ratio: number };
  readonly worker: { readonly port: number; readonly queues: readonly TokenPurpose[] | 'all'; readonly schedules: boolean };
  /** `url()` throws ConfigError when DATABASE_URL is not set, which is possible outside production only. */
  readonly database: { readonly url: Secret; readonly ownerUrl: Secret | undefined; readonly poolSize: number };
  readonly queues: {
    /** Set: BullMQ on Redis or Valkey. Undefined: BullMQ on the PostgreSQL of `database.url`. */
    readonly redisUrl: Secret | undefined;
    /** The first part of all keys on Redis, so that two deployments can share one. PostgreSQL has a schema per database instead. */
    readonly prefix: string;
    /** The lock of a job. Another worker takes a dead worker's job over within `lockMs` plus `stalledCheckMs`. [OPS-3] */
    readonly lockMs: number;
    readonly stalledCheckMs: number;
    /** How often workers restore missing schedules and start overdue sweeps. [OPS-4] */
    readonly repairMs: number;
  };
  readonly provider: {
    readonly url: string;
    /** Undefined when no token is configured at all: nothing is synced, and reads still work. */
    readonly token: ((purpose: TokenPurpose) => string) | undefined;
    readonly ratePerMinute: number;
    readonly ratePerHour: number;
    /** The rolling windows of the two rates: 60 s and 1 h at DigitalOcean; tests shrink them. */
    readonly minuteWindowMs: number;
    readonly hourWindowMs: number;
    readonly callTimeoutMs: number;
    readonly fallbackProject: string;
    readonly accountCheckMs: number;
  };
  readonly identity: {
    readonly jwtSecret: Secret;
    readonly issuer: string | undefined;
    readonly audience: string | undefined;
    readonly leewayS: number;
  };
  readonly inventory: {
    readonly strikesToDelete: number;
    readonly strikeSpacingMs: number;
    readonly placeholderStrikeSpacingMs: number;
    readonly vanishMaxRatio: number;
    readonly vanishMin: number;
    readonly deletionLagMs: number;
    /** How long the release of a suspect sweep covers the ids that the sweep did not list. */
    readonly releaseCoversMs: number;
    /** How long a sweep may report no progress before another worker may take it over. */
    readonly sweepLeaseMs: number;
    /** The number of confirmations by GET that one sweep may make; the others wait for the next sweep. */
    readonly confirmationsPerSweep: number;
    /** Events older than this are archived by whole months. [INV-14] */
    readonly eventRetentionDays: number;
  };
  readonly saga: {
    readonly leaseMs: number;
    readonly renewMs: number;
    readonly reconcileMs: number;
    /** The pause between two shared polls of the provider for all waiting sagas. */
    readonly pollMs: number;
    /** The lag bound W: how long a fresh effect may stay invisible in provider lists. */
    readonly providerLagMs: number;
    /** The number of open sagas that one tenant may have. [TEN-6] */
    readonly openPerTenant: number;
    readonly reaperGraceMs: number;
    readonly reaperPeriodMs: number;
  };
  readonly record: {
    /** The pause between two runs that link new records into the chain. [INV-14] */
    readonly sealMs: number;
  };
  readonly retention: {
    /** Of older sweeps only the last complete one of each kind and day is kept. */
    readonly sweepDays: number;
    readonly providerActionDays: number;
    /** Of older balances only the last of each day is kept. */
    readonly balanceHourlyDays: number;
  };
  readonly finance: {
    /** Undefined without a finance service: nothing is pushed, and nothing is logged. */
    readonly url: string | undefined;
    readonly tenantId: string;
  };
  /** Read by `npm start` and the simulator only. */
  readonly simulator: { readonly port: number; readonly token: Secret; readonly seed: number; readonly scale: number };
}

/**
 * Turns the environment into one checked, deeply frozen object. Throws one ConfigError with all problems.
 * Outside production a missing JWT_SECRET is read from DATA_DIR, where the first start creates it; migrations need none at all.
 * A secret that is both in `external` and in the environment is a problem.
 */
export function loadConfig(env: NodeJS.ProcessEnv, use: ConfigUse = 'service', external: ExternalSecrets = {}): Config {
  const { values, problems: wrong } = readVariables(env, use, external);
  const problems = [...misspeltNames(env), ...wrong];
  if (problems.length > 0) throw new ConfigError(problems);
  const dataDir = resolve(values.DATA_DIR);
  return deepFreeze(
    assemble(values, dataDir, values.JWT_SECRET ?? (use === 'service' ? generatedJwtSecret(dataDir) : missing('JWT_SECRET'))),
  );
}

function generatedJwtSecret(dataDir: string): Secret {
  try {
    return developmentJwtSecret(dataDir, VARIABLES.JWT_SECRET.check);
  } catch (error) {
    throw new ConfigError([`JWT_SECRET is not set and jwt-secret in DATA_DIR ${fileProblem(error)}`]);
  }
}

function tokenByPurpose(values: Values): ((purpose: TokenPurpose) => string) | undefined {
  const own = purposeTokens(values);
  const shared = values.DO_API_TOKEN;
  if (!shared && TOKEN_PURPOSES.every((purpose) => !own[purpose])) return undefined;
  return (purpose) => {
    const token = own[purpose] ?? shared;
    if (!token) throw new ConfigError([`DO_API_TOKEN is not set and ${purpose} has no token of its own`]);
    return token();
  };
}

const missing = (name: string): Secret => {
  return () => {
    throw new ConfigError([`${name} is not set`]);
  };
};

/** The version in the nearest package.json above this file: sources and build lie at different depths. */
function packageVersion(from = __dirname): string {
  const path = join(from, 'package.json');
  if (!existsSync(path)) return packageVersion(dirname(from));
  const { version } = JSON.parse(readFileSync(path, 'utf8')) as { version: string };
  return version;
}

/** Freezes a tree of plain objects and arrays in place and returns it. */
function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}

function assemble(values: Values, dataDir: string, jwtSecret: Secret): Config {
  return {
    env: values.NODE_ENV,
    production: values.NODE_ENV === 'production',
    version: packageVersion(),
    logLevel: values.LOG_LEVEL,
    dataDir,
    shutdownMs: values.SHUTDOWN_MS,
    http: { host: values.HOST, port: values.PORT, corsOrigins: values.CORS_ORIGINS, pageLimitMax: values.PAGE_LIMIT_MAX },
    metricsPort: values.METRICS_PORT,
    tracing: {
      endpoint: values.OTEL_EXPORTER_OTLP_ENDPOINT,
      headers: values.OTEL_EXPORTER_OTLP_HEADERS,
      ratio: values.OTEL_TRACES_SAMPLER_ARG,
    },
    worker: { port: values.WORKER_PORT, queues: values.WORKER_QUEUES, schedules: values.SCHEDULES },
    database: {
      url: values.DATABASE_URL ?? missing('DATABASE_URL'),
      ownerUrl: values.DATABASE_OWNER_URL,
      poolSize: values.DATABASE_POOL_SIZE,
    },
    queues: {
      redisUrl: values.REDIS_URL,
      prefix: values.QUEUE_PREFIX,
      lockMs: values.QUEUE_LOCK_MS,
      stalledCheckMs: values.QUEUE_STALLED_CHECK_MS,
      repairMs: values.SCHEDULES_REPAIR_MS,
    },
    provider: {
      url: values.DO_API_URL,
      token: tokenByPurpose(values),
      ratePerMinute: values.DO_RATE_PER_MINUTE,
      ratePerHour: values.DO_RATE_PER_HOUR,
      minuteWindowMs: values.DO_MINUTE_WINDOW_MS,
      hourWindowMs: values.DO_HOUR_WINDOW_MS,
      callTimeoutMs: values.DO_CALL_TIMEOUT_MS,
      fallbackProject: values.FALLBACK_PROJECT,
      accountCheckMs: values.ACCOUNT_CHECK_MS,
    },
    identity: { jwtSecret, issuer: values.JWT_ISSUER, audience: values.JWT_AUDIENCE, leewayS: values.JWT_LEEWAY_S },
    inventory: {
      strikesToDelete: values.STRIKES_TO_DELETE,
      strikeSpacingMs: values.STRIKE_SPACING_MS,
      placeholderStrikeSpacingMs: values.PLACEHOLDER_STRIKE_SPACING_MS,
      vanishMaxRatio: values.VANISH_MAX_RATIO,
      vanishMin: values.VANISH_MIN,
      deletionLagMs: values.DELETION_LAG_MS,
      releaseCoversMs: values.RELEASE_COVERS_MS,
      sweepLeaseMs: values.SWEEP_LEASE_MS,
      confirmationsPerSweep: values.CONFIRMATIONS_PER_SWEEP,
      eventRetentionDays: values.EVENT_RETENTION_DAYS,
    },
    saga: {
      leaseMs: values.SAGA_LEASE_MS,
      renewMs: values.SAGA_RENEW_MS,
      reconcileMs: values.SAGA_RECONCILE_MS,
      pollMs: values.SAGA_POLL_MS,
      providerLagMs: values.PROVIDER_LAG_MS,
      openPerTenant: values.SAGA_OPEN_PER_TENANT,
      reaperGraceMs: values.REAPER_GRACE_MS,
      reaperPeriodMs: values.REAPER_PERIOD_MS,
    },
    record: { sealMs: values.AUDIT_SEAL_MS },
    retention: {
      sweepDays: values.SWEEP_RETENTION_DAYS,
      providerActionDays: values.PROVIDER_ACTION_RETENTION_DAYS,
      balanceHourlyDays: values.BALANCE_HOURLY_DAYS,
    },
    finance: { url: values.SKYAI_FINANCE_URL, tenantId: values.FINANCE_TENANT_ID },
    simulator: {
      port: values.SIMULATOR_PORT,
      token: () => values.SIMULATOR_TOKEN,
      seed: values.SIMULATOR_SEED,
      scale: values.SIMULATOR_SCALE,
    },
  };
}
