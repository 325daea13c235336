import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { TOKEN_PURPOSES, type Config, type ExternalSecrets, type Secret, type TokenPurpose } from './config';
import { ConfigError } from './config.error';
import { purposeTokens } from './cross-checks';
import { deepFreeze } from './deep-freeze';
import { developmentJwtSecret } from './jwt-secret';
import { misspeltNames } from './misspelt';
import { readVariables, type ConfigUse } from './read';
import { fileProblem } from './secret';
import { VARIABLES, type Values } from './variables';

/**
 * Environment → one checked, deeply frozen object. Throws one ConfigError with all problems.
 * Outside production a missing JWT_SECRET is read from, or made once in, DATA_DIR; migrations need none at all. `kept`: secrets that come
 * from elsewhere; one that is in the environment too is a problem.
 */
export function loadConfig(env: NodeJS.ProcessEnv, use: ConfigUse = 'service', kept: ExternalSecrets = {}): Config {
  const { values, problems: wrong } = readVariables(env, use, kept);
  const problems = [...misspeltNames(env), ...wrong];
  if (problems.length > 0) throw new ConfigError(problems);
  const dataDir = resolve(values.DATA_DIR);
  return deepFreeze(assemble(values, dataDir, values.JWT_SECRET ?? (use === 'service' ? ownJwtSecret(dataDir) : missing('JWT_SECRET'))));
}

function ownJwtSecret(dataDir: string): Secret {
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

/** The nearest package.json above this file: sources and build lie at different depths. */
function packageVersion(from = __dirname): string {
  const path = join(from, 'package.json');
  if (!existsSync(path)) return packageVersion(dirname(from));
  const { version } = JSON.parse(readFileSync(path, 'utf8')) as { version: string };
  return version;
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
