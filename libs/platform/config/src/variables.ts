import { InvalidVariableError } from './config.errors';
import type { Secret } from './secrets';
import {
  allOrSome,
  anyText,
  headerList,
  headerToken,
  httpUrl,
  onOff,
  oneOf,
  origins,
  pathBelow,
  pathsBelow,
  port,
  postgresUrl,
  productionJwtSecret,
  ratio,
  redisUrl,
  scale,
  timerMs,
  wholeNumber,
  word,
  type Check,
  zeroOne,
} from './variable-checks';

export const LOG_LEVELS = ['error', 'warn', 'log', 'debug', 'verbose'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The purposes of provider tokens. They are also the names of the queues: the jobs of a queue use the token of its name. */
export const TOKEN_PURPOSES = ['sync-fast', 'sync-full', 'sync-slow', 'billing', 'provisioning'] as const;

/** Selects the provider token of a call. A purpose with a token of its own has a rate budget of its own. */
export type TokenPurpose = (typeof TOKEN_PURPOSES)[number];

interface Described {
  /** The processes or libraries that act on the variable. */
  readonly readBy: string;
  /** The meaning in a few words. The name contains the unit. */
  readonly about: string;
}

/** Always has a value, because it has a default. */
interface Setting<T> extends Described {
  readonly type: 'setting';
  readonly check: Check<T>;
  /** As it would be written in the environment. */
  readonly default: string;
  readonly productionDefault?: string;
}

/** May be unset. */
interface Optional<T> extends Described {
  readonly type: 'optional';
  readonly check: Check<T>;
}

/** May be unset, and may come from NAME_FILE. Its value is a function, so that each use reads a rotated file. */
interface SecretVariable extends Described {
  readonly type: 'secret';
  readonly check: Check<string>;
  readonly productionCheck: Check<string>;
}

export type Variable = Setting<unknown> | Optional<unknown> | SecretVariable;

function setting<T>(readBy: string, about: string, check: Check<T>, text: string, productionDefault?: string): Setting<T> {
  return { type: 'setting', readBy, about, check, default: text, productionDefault };
}

function optional<T>(readBy: string, about: string, check: Check<T>): Optional<T> {
  return { type: 'optional', readBy, about, check };
}

function secret(readBy: string, about: string, check: Check<string>, productionCheck = check): SecretVariable {
  return { type: 'secret', readBy, about, check, productionCheck };
}

const ms = wholeNumber(0);
const logLevel = (text: string): LogLevel => oneOf(...LOG_LEVELS)(text === 'info' ? 'log' : text);

/** Every variable that arcadia-cloud reads, in the order of `.env.example`, which is tested against this table. */
export const VARIABLES = {
  NODE_ENV: setting('all', 'production is strict about secrets', oneOf('development', 'test', 'production'), 'development'),
  HOST: setting('api, worker', 'address to listen on; 0.0.0.0 in production', anyText, '127.0.0.1', '0.0.0.0'),
  PORT: setting('api', 'port of the HTTP API', port, '4005'),
  WORKER_PORT: setting('worker', 'port of health', port, '4006'),
  LOG_LEVEL: setting('api, worker', 'error, warn, log, debug or verbose', logLevel, 'log'),
  DATA_DIR: setting('all', 'embedded database, simulator state, run.json, development secret', anyText, '.data'),
  METRICS_PORT: optional('api', 'port of metrics for Prometheus, without a token; unset: only GET /metrics for platform admins', port),
  CORS_ORIGINS: setting('api', 'comma list of browser origins; none by default', origins, ''),
  PAGE_LIMIT_MAX: setting('api', 'highest limit of a list (TEN-5)', wholeNumber(1, 1000), '200'),
  SHUTDOWN_MS: setting('api, worker', 'from SIGTERM to exit (OPS-6)', timerMs(1000), '30000'),

  OTEL_EXPORTER_OTLP_ENDPOINT: optional(
    'api, worker',
    'collector of traces (OTLP over HTTP), like http://127.0.0.1:4318; unset: none',
    httpUrl,
  ),
  OTEL_EXPORTER_OTLP_HEADERS: secret('api, worker', 'headers for it, name=value,…; also _FILE', headerList),
  OTEL_TRACES_SAMPLER_ARG: setting('api, worker', 'share of traces that is kept, 0 to 1', ratio, '1'),

  DATABASE_URL: secret('all', "PostgreSQL as the app's role: no ownership, no BYPASSRLS; also _FILE", postgresUrl),
  DATABASE_OWNER_URL: secret('migrate', 'PostgreSQL as the owner, for migrations only; also _FILE', postgresUrl),
  DATABASE_POOL_SIZE: setting(
    'database',
    'connections per pool; an api has two pools (platform, tenants), a worker one',
    wholeNumber(2, 200),
    '8',
  ),

  REDIS_URL: secret('queues', 'set: BullMQ on Redis or Valkey; unset: on PostgreSQL; also _FILE', redisUrl),
  QUEUE_PREFIX: setting('queues', 'first part of all keys on a shared Redis', word, 'arcadia'),
  WORKER_QUEUES: setting('worker', `all, or a comma list of ${TOKEN_PURPOSES.join(', ')}`, allOrSome(TOKEN_PURPOSES), 'all'),
  SCHEDULES: setting('worker', 'on: this worker maintains the schedules; off: it only runs jobs', onOff, 'on'),
  SCHEDULES_REPAIR_MS: setting('worker', 'between two checks for lost schedules and overdue sweeps (OPS-4)', timerMs(100), '30000'),
  QUEUE_LOCK_MS: setting('queues', "a dead worker's job is free after this (OPS-3)", timerMs(1000), '10000'),
  QUEUE_STALLED_CHECK_MS: setting('queues', 'between two checks for jobs of dead workers (OPS-3)', timerMs(100), '5000'),

  DO_API_URL: setting('digitalocean', 'the provider; set without a token is an error', httpUrl, 'https://api.digitalocean.com'),
  DO_API_TOKEN: secret('digitalocean', 'for every purpose without a token of its own; also _FILE', headerToken),
  DO_API_TOKEN_SYNC_FAST: secret('digitalocean', 'token of queue sync-fast; also _FILE', headerToken),
  DO_API_TOKEN_SYNC_FULL: secret('digitalocean', 'token of queue sync-full; also _FILE', headerToken),
  DO_API_TOKEN_SYNC_SLOW: secret('digitalocean', 'token of queue sync-slow; also _FILE', headerToken),
  DO_API_TOKEN_BILLING: secret('digitalocean', 'token of queue billing; also _FILE', headerToken),
  DO_API_TOKEN_PROVISIONING: secret('digitalocean', 'token of sagas; also _FILE', headerToken),
  DO_RATE_PER_MINUTE: setting('digitalocean', 'calls per token in any minute, all processes together (OPS-1)', wholeNumber(1), '250'),
  DO_RATE_PER_HOUR: setting('digitalocean', 'calls per token in any hour, all processes together (OPS-1)', wholeNumber(1), '5000'),
  DO_MINUTE_WINDOW_MS: setting('digitalocean', 'length of that minute; tests shrink it', timerMs(1), '60000'),
  DO_HOUR_WINDOW_MS: setting('digitalocean', 'length of that hour; tests shrink it', timerMs(1), '3600000'),
  DO_CALL_TIMEOUT_MS: setting('digitalocean', 'time limit of one call', timerMs(1), '30000'),
  FALLBACK_PROJECT: setting('inventory', 'project of resources without an owner', anyText, 'skyai-internal'),
  ACCOUNT_CHECK_MS: setting('inventory', 'between two checks of the account (INV-6); 0 = before every sweep', ms, '300000'),

  JWT_SECRET: secret('identity', 'raw UTF-8, 64 bytes or more; development: made in DATA_DIR; also _FILE', anyText, productionJwtSecret),
  JWT_ISSUER: optional('identity', 'required iss of user tokens; unset: any', anyText),
  JWT_AUDIENCE: optional('identity', 'required aud of user tokens; unset: any but finance', anyText),
  JWT_LEEWAY_S: setting('identity', 'clock leeway (TEN-1)', wholeNumber(0, 300), '5'),

  VAULT_SECRETS: optional('vault', 'set: secrets come from these paths (comma list) of Vault or OpenBao, KV v2', pathsBelow),
  VAULT_ADDR: optional('vault', 'address of Vault, like https://vault.example.com:8200', httpUrl),
  VAULT_NAMESPACE: optional('vault', 'namespace, where Vault has namespaces', headerToken),
  VAULT_MOUNT: setting('vault', 'mount of the KV v2 engine', pathBelow, 'secret'),
  VAULT_ROLE: optional('vault', 'role of the Kubernetes auth method; instead of a token', pathBelow),
  VAULT_AUTH_MOUNT: setting('vault', 'mount of the Kubernetes auth method', pathBelow, 'kubernetes'),
  VAULT_KUBERNETES_TOKEN_PATH: setting(
    'vault',
    'token of the service account',
    anyText,
    '/var/run/secrets/kubernetes.io/serviceaccount/token',
  ),
  VAULT_TOKEN: secret('vault', 'token; instead of a role; also _FILE', headerToken),
  VAULT_REFRESH_MS: setting('vault', 'between two reads of rotated secrets', timerMs(100), '60000'),
  VAULT_TIMEOUT_MS: setting('vault', 'time limit of one answer', timerMs(1), '5000'),

  STRIKES_TO_DELETE: setting('inventory', 'strikes that make a tombstone (INV-3)', wholeNumber(1, 1000), '3'),
  STRIKE_SPACING_MS: setting('inventory', 'between two strikes (INV-3)', ms, '300000'),
  PLACEHOLDER_STRIKE_SPACING_MS: setting('inventory', 'the same for kinds without a list of their own (INV-3)', ms, '86400000'),
  VANISH_MAX_RATIO: setting('inventory', 'share of a kind that may vanish in one sweep (INV-5)', ratio, '0.2'),
  VANISH_MIN: setting('inventory', 'number that may always vanish in one sweep (INV-5)', wholeNumber(0), '5'),
  DELETION_LAG_MS: setting('inventory', 'how long a tombstone may still be listed (INV-8)', ms, '600000'),
  RELEASE_COVERS_MS: setting('inventory', 'how long a release of a suspect sweep holds (INV-5)', ms, '345600000'),
  SWEEP_LEASE_MS: setting('inventory', 'time without progress after which another worker takes a sweep over', timerMs(100), '20000'),
  CONFIRMATIONS_PER_SWEEP: setting('inventory', 'GETs by id that one sweep may spend (INV-3)', wholeNumber(0), '200'),
  EVENT_RETENTION_DAYS: setting('inventory', 'age at which whole months of events are archived (INV-14)', wholeNumber(1, 36_500), '400'),

  AUDIT_SEAL_MS: setting('worker', 'between two runs that link new records into the chain (INV-14)', timerMs(100), '10000'),
  SWEEP_RETENTION_DAYS: setting('worker', 'age from which one complete sweep per kind and day is kept', wholeNumber(7, 36_500), '30'),
  PROVIDER_ACTION_RETENTION_DAYS: setting('worker', "age at which the provider's actions are deleted", wholeNumber(7, 36_500), '90'),
  BALANCE_HOURLY_DAYS: setting('worker', 'age from which one balance per day is kept', wholeNumber(1, 36_500), '35'),

  SAGA_LEASE_MS: setting('saga', 'lease of one worker on one saga (SAG-18)', timerMs(100), '6000'),
  SAGA_RENEW_MS: setting('saga', 'between two renewals of the lease; shorter than it', timerMs(10), '2000'),
  SAGA_RECONCILE_MS: setting('saga', 'between two checks for sagas without a worker (SAG-18)', timerMs(10), '1000'),
  SAGA_POLL_MS: setting('saga', 'between two shared polls of the provider for waiting sagas', timerMs(10), '5000'),
  PROVIDER_LAG_MS: setting('saga, inventory', 'lag bound W: how long a fresh effect may be invisible', ms, '60000'),
  SAGA_OPEN_PER_TENANT: setting('saga', 'open sagas of one tenant at the same time (TEN-6)', wholeNumber(1), '50'),
  REAPER_GRACE_MS: setting('provisioning', 'time after a saga in which its late effects are looked for (SAG-6)', ms, '900000'),
  REAPER_PERIOD_MS: setting('provisioning', 'between two runs of the reaper (SAG-6)', timerMs(100), '60000'),

  SKYAI_FINANCE_URL: optional('billing', 'finance service; unset: no push', httpUrl),
  FINANCE_TENANT_ID: setting('billing', 'tenant_id of finance tokens', anyText, 'platform-admin'),

  SIMULATOR_PORT: setting('simulator, npm start', 'port of the simulated provider', port, '4008'),
  SIMULATOR_TOKEN: setting('simulator, npm start', 'the token it accepts', headerToken, 'dop_v1_simulator'),
  SIMULATOR_SEED: setting('simulator', 'whole number; same seed, same account', wholeNumber(0), '1'),
  SIMULATOR_SCALE: setting('simulator', 'size of the demo account, 1 = about 60 droplets', scale, '1'),

  EMBEDDED_PG_OS_USER: optional('npm start, tests', 'account that runs the embedded PostgreSQL when we are root', anyText),
  TEST_REDIS_URL: optional('tests', 'run the queue tests on this Redis or Valkey too', redisUrl),
  REQUIRE_REDIS: setting('tests', '1: a skipped Redis suite is a failure', zeroOne, '0'),
  DO_OPENAPI: optional('tests', "path of DigitalOcean's OpenAPI document", anyText),
} as const;

export type VariableName = keyof typeof VARIABLES;

type ValueOf<V> =
  V extends Setting<infer T> ? T : V extends Optional<infer T> ? T | undefined : V extends SecretVariable ? Secret | undefined : never;

/** The checked values, by variable. */
export type Values = { readonly [N in VariableName]: ValueOf<(typeof VARIABLES)[N]> };

/** The names of the variables that may also come from NAME_FILE. */
export const SECRET_NAMES: readonly string[] = Object.entries(VARIABLES)
  .filter(([, variable]) => variable.type === 'secret')
  .map(([name]) => name);

/** Why a secret's text cannot be used, as "must be …"; undefined when it can be used or `name` is no secret. */
export function secretProblem(name: string, text: string, production: boolean): string | undefined {
  const variable: Variable | undefined = Object.entries(VARIABLES).find(([known]) => known === name)?.[1];
  if (variable?.type !== 'secret') return undefined;
  try {
    (production ? variable.productionCheck : variable.check)(text);
    return undefined;
  } catch (error) {
    if (!(error instanceof InvalidVariableError)) throw error;
    return error.message;
  }
}
