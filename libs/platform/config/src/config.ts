import { Module, type DynamicModule } from '@nestjs/common';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ConfigError } from './config.errors';
import { purposeTokens, readEnvironment, type ConfigUse } from './environment';
import {
  derivedSecret,
  DEVELOPMENT_JWT_SECRET,
  DEVELOPMENT_PROOF_KEY,
  DEVELOPMENT_SECRETS_KEY,
  developmentSecret,
  fileProblem,
  type DevelopmentSecret,
  type ExternalSecrets,
  type Secret,
} from './secrets';
import { TOKEN_PURPOSES, type TokenPurpose, type Values } from './variables';
import { vaultSettings } from './vault/vault-login';
import { VaultSecrets } from './vault/vault-secrets';

type DeepReadonly<T> = T extends (...args: never[]) => unknown ? T : { readonly [K in keyof T]: DeepReadonly<T[K]> };

/** The whole environment, checked once at boot and frozen. Durations are milliseconds unless the name has another unit. */
export type Config = DeepReadonly<ReturnType<typeof assemble>>;
export type Environment = Config['env'];

/**
 * Turns the environment into one checked, deeply frozen object. Throws one ConfigError with all problems.
 * Outside production a missing JWT_SECRET or PROOF_KEY is read from DATA_DIR, where its first use creates it; migrations need none at all.
 * A secret that is both in `external` and in the environment is a problem.
 */
export function loadConfig(env: NodeJS.ProcessEnv, use: ConfigUse = 'service', external: ExternalSecrets = {}): Config {
  const { values, problems } = readEnvironment(env, use, external);
  if (!values) throw new ConfigError(problems);
  const dataDir = resolve(values.DATA_DIR);
  const jwtSecret =
    values.JWT_SECRET ?? (use === 'service' ? generatedSecret(dataDir, 'JWT_SECRET', DEVELOPMENT_JWT_SECRET) : missing('JWT_SECRET'));
  return deepFreeze(assemble(values, dataDir, jwtSecret));
}

/** The configuration of a process, and the source of its secrets when `VAULT_SECRETS` is set. */
export interface OpenedConfig {
  readonly config: Config;
  /** A process that runs on calls `refresh()` at intervals; undefined without Vault. */
  readonly vault: VaultSecrets | undefined;
}

/** Like `loadConfig`, with the secrets that Vault provides when `VAULT_SECRETS` is set. Throws ConfigError or VaultError. */
export async function openConfig(env: NodeJS.ProcessEnv, use: ConfigUse = 'service'): Promise<OpenedConfig> {
  const settings = vaultSettings(env);
  const vault = settings && (await VaultSecrets.open(settings));
  return { config: loadConfig(env, use, vault?.secrets), vault };
}

function generatedSecret(dataDir: string, name: string, secret: DevelopmentSecret): Secret {
  try {
    return developmentSecret(dataDir, secret);
  } catch (error) {
    throw new ConfigError([`${name} is not set and ${secret.file} in DATA_DIR ${fileProblem(error)}`]);
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
function deepFreeze<T>(value: T): DeepReadonly<T> {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value as DeepReadonly<T>;
}

function assemble(values: Values, dataDir: string, jwtSecret: Secret) {
  return {
    env: values.NODE_ENV,
    production: values.NODE_ENV === 'production',
    /** The version in package.json. */
    version: packageVersion(),
    logLevel: values.LOG_LEVEL,
    /** An absolute path. */
    dataDir,
    /** The longest time from SIGTERM to the exit of a process. [OPS-6] */
    shutdownMs: values.SHUTDOWN_MS,
    http: {
      host: values.HOST,
      port: values.PORT,
      corsOrigins: values.CORS_ORIGINS,
      consoleOrigins: values.CONSOLE_ORIGINS,
      pageLimitMax: values.PAGE_LIMIT_MAX,
    },
    /** The port of the api's separate listener for scrapes; undefined without one. */
    metricsPort: values.METRICS_PORT,
    /** Tracing is off without an endpoint. `ratio` is the share of traces beginning in this process that is kept. */
    tracing: {
      endpoint: values.OTEL_EXPORTER_OTLP_ENDPOINT,
      headers: values.OTEL_EXPORTER_OTLP_HEADERS,
      ratio: values.OTEL_TRACES_SAMPLER_ARG,
    },
    worker: { port: values.WORKER_PORT, queues: values.WORKER_QUEUES, schedules: values.SCHEDULES },
    /** `url()` throws ConfigError when DATABASE_URL is not set, which is possible outside production only. */
    database: {
      url: values.DATABASE_URL ?? missing('DATABASE_URL'),
      ownerUrl: values.DATABASE_OWNER_URL,
      poolSize: values.DATABASE_POOL_SIZE,
    },
    queues: {
      /** Set: BullMQ on Redis or Valkey. Undefined: BullMQ on the PostgreSQL of `database.url`. */
      redisUrl: values.REDIS_URL,
      /** The first part of all keys on Redis, so that two deployments can share one. PostgreSQL has a schema per database instead. */
      prefix: values.QUEUE_PREFIX,
      /** The lock of a job. Another worker takes a dead worker's job over within `lockMs` plus `stalledCheckMs`. [OPS-3] */
      lockMs: values.QUEUE_LOCK_MS,
      stalledCheckMs: values.QUEUE_STALLED_CHECK_MS,
      /** How often workers restore missing schedules and start overdue sweeps. [OPS-4] */
      repairMs: values.SCHEDULES_REPAIR_MS,
    },
    provider: {
      url: values.DO_API_URL,
      /** Undefined when no token is configured at all: nothing is synced, and reads still work. */
      token: tokenByPurpose(values),
      ratePerMinute: values.DO_RATE_PER_MINUTE,
      ratePerHour: values.DO_RATE_PER_HOUR,
      /** Of the limits that the provider sets for single routes, such as the list of SSH keys. */
      routeRatePercent: values.DO_ROUTE_RATE_PERCENT,
      /** The rolling windows of the two rates: 60 s and 1 h at DigitalOcean; tests shrink them. */
      minuteWindowMs: values.DO_MINUTE_WINDOW_MS,
      hourWindowMs: values.DO_HOUR_WINDOW_MS,
      callTimeoutMs: values.DO_CALL_TIMEOUT_MS,
      fallbackProject: values.FALLBACK_PROJECT,
      accountCheckMs: values.ACCOUNT_CHECK_MS,
      /** The lag bound W: how long a fresh effect may stay invisible in provider lists. */
      lagMs: values.PROVIDER_LAG_MS,
    },
    /** `keys` is undefined where none are configured. The URL contains `{region}`. */
    spaces: { keys: values.SPACES_KEYS, regions: values.SPACES_REGIONS, url: values.SPACES_URL },
    identity: { jwtSecret, issuer: values.JWT_ISSUER, audience: values.JWT_AUDIENCE, leewayS: values.JWT_LEEWAY_S },
    inventory: {
      strikesToDelete: values.STRIKES_TO_DELETE,
      strikeSpacingMs: values.STRIKE_SPACING_MS,
      placeholderStrikeSpacingMs: values.PLACEHOLDER_STRIKE_SPACING_MS,
      vanishMaxRatio: values.VANISH_MAX_RATIO,
      vanishMin: values.VANISH_MIN,
      deletionLagMs: values.DELETION_LAG_MS,
      /** How long the release of a suspect sweep covers the ids that the sweep did not list. */
      releaseCoversMs: values.RELEASE_COVERS_MS,
      /** How long a sweep may report no progress before another worker may take it over. */
      sweepLeaseMs: values.SWEEP_LEASE_MS,
      /** The number of confirmations by GET that one sweep may make; the others wait for the next sweep. */
      confirmationsPerSweep: values.CONFIRMATIONS_PER_SWEEP,
      /** Events older than this are archived by whole months. [INV-14] */
      eventRetentionDays: values.EVENT_RETENTION_DAYS,
    },
    saga: {
      leaseMs: values.SAGA_LEASE_MS,
      renewMs: values.SAGA_RENEW_MS,
      reconcileMs: values.SAGA_RECONCILE_MS,
      /** The pause between two shared polls of the provider for all waiting sagas. */
      pollMs: values.SAGA_POLL_MS,
      /** The number of open sagas that one tenant may have. [TEN-6] */
      openPerTenant: values.SAGA_OPEN_PER_TENANT,
      /** The key of the hashes of plans. All processes must have the same one. */
      planKey: values.PLAN_KEY ?? derivedSecret(jwtSecret, 'hashes of plans'),
      reaperGraceMs: values.REAPER_GRACE_MS,
      reaperPeriodMs: values.REAPER_PERIOD_MS,
    },
    /** `sealMs` is the pause between two runs that link new records into the chain. [INV-14] */
    record: { sealMs: values.AUDIT_SEAL_MS },
    events: {
      /** The pause between two runs that give committed events their numbers. [EVT-1] */
      numberMs: values.EVENTS_NUMBER_MS,
      /** Open streams of one tenant, in all processes together. */
      streamsPerTenant: values.EVENT_STREAMS_PER_TENANT,
      heartbeatMs: values.EVENT_STREAM_HEARTBEAT_MS,
    },
    notifications: {
      /** Keys in base64, newest first, in a comma list. Undefined: webhooks and chat cannot be used, in production only. */
      secretsKey:
        values.SECRETS_KEY ??
        (values.NODE_ENV === 'production' ? undefined : () => generatedSecret(dataDir, 'SECRETS_KEY', DEVELOPMENT_SECRETS_KEY)()),
      /** The pause between two searches for new events and due deliveries. [WHK-1] */
      everyMs: values.NOTIFY_MS,
      callTimeoutMs: values.OUTBOUND_TIMEOUT_MS,
      /** Undefined: mails are logged. */
      smtpUrl: values.SMTP_URL,
      mailFrom: values.MAIL_FROM,
    },
    retention: {
      /** Of older sweeps only the last complete one of each kind and day is kept. */
      sweepDays: values.SWEEP_RETENTION_DAYS,
      providerActionDays: values.PROVIDER_ACTION_RETENTION_DAYS,
      /** Of older balances only the last of each day is kept. */
      balanceHourlyDays: values.BALANCE_HOURLY_DAYS,
    },
    /** `freshMs`: equal questions about the costs until now share one answer for this time. */
    costs: { freshMs: values.COSTS_FRESH_MS },
    /** `proofKey` signs the documents of tenants. In development its first use creates it. */
    billing: { proofKey: values.PROOF_KEY ?? (() => generatedSecret(dataDir, 'PROOF_KEY', DEVELOPMENT_PROOF_KEY)()) },
    /** Without a `url` nothing is pushed, and nothing is logged. */
    finance: { url: values.SKYAI_FINANCE_URL, tenantId: values.FINANCE_TENANT_ID },
    /** Read by `npm start` and the simulator only. */
    simulator: {
      port: values.SIMULATOR_PORT,
      token: () => values.SIMULATOR_TOKEN,
      seed: values.SIMULATOR_SEED,
      scale: values.SIMULATOR_SCALE,
    },
  };
}

/** The injection token of the configuration: `@Inject(CONFIG) config: Config`. */
export const CONFIG = Symbol('Config');

/** Provides one checked configuration to a whole application. */
@Module({})
export class ConfigModule {
  static forRoot(config: Config): DynamicModule {
    return { module: ConfigModule, global: true, providers: [{ provide: CONFIG, useValue: config }], exports: [CONFIG] };
  }
}
