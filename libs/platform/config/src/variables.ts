import './skip-zod-locales';
import { z } from 'zod';
import { headerList, planKey, productionJwtSecret, proofKey, secretsKeys, spacesKeys } from './secret-texts';
import { readSecret, type SecretCheck, type SecretSource } from './secrets';

export const LOG_LEVELS = ['error', 'warn', 'log', 'debug', 'verbose'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The purposes of provider tokens. They are also names of queues: the jobs of such a queue use the token of its name. */
export const TOKEN_PURPOSES = ['sync-fast', 'sync-full', 'sync-slow', 'billing', 'provisioning'] as const;

/** All queues. The jobs of `metering` and `notifications` call no provider, so these have no token. */
export const QUEUE_NAMES = [...TOKEN_PURPOSES, 'metering', 'notifications'] as const;

/** Selects the provider token of a call. A purpose with a token of its own has a rate budget of its own. */
export type TokenPurpose = (typeof TOKEN_PURPOSES)[number];

/** The schema of the text of one variable. Its messages are "must be …" and never quote the text, which may be a secret. */
type TextOf<T> = z.ZodType<T, string>;

const text: TextOf<string> = z.string();
const matching = (pattern: RegExp, error: string): TextOf<string> => z.string().regex(pattern, error);
const oneOf = <const T extends string>(...allowed: readonly T[]): TextOf<T> =>
  z.enum(allowed, { error: `must be one of ${allowed.join(', ')}` });
const flag = (on: string, off: string): TextOf<boolean> => oneOf(on, off).transform((word) => word === on);

const logLevel: TextOf<LogLevel> = z
  .string()
  .transform((level) => (level === 'info' ? 'log' : level))
  .pipe(oneOf(...LOG_LEVELS));

function number(pattern: RegExp, isInRange: (value: number) => boolean, error: string): TextOf<number> {
  return z.string().regex(pattern, error).transform(Number).refine(isInRange, error);
}
function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER): TextOf<number> {
  const range = max === Number.MAX_SAFE_INTEGER ? `, at least ${min}` : ` from ${min} to ${max}`;
  return number(/^\d+$/, (value) => value >= min && value <= max, `must be a whole number${range}`);
}
/** A timer of Node cannot wait longer than 2^31 - 1 ms (24 days): a longer one fires at once. */
const timerMs = (min: number): TextOf<number> => wholeNumber(min, 2_147_483_647);
const ms = wholeNumber(0);
const port = wholeNumber(0, 65_535);
const DECIMAL = /^\d+(\.\d+)?$/;
const ratio = number(DECIMAL, (value) => value <= 1, 'must be a number from 0 to 1, such as 0.2');
const scale = number(DECIMAL, (value) => value > 0 && value <= 10_000, 'must be a number above 0, at most 10000');

const url = (protocol: RegExp, example: string): TextOf<string> => z.url({ protocol, error: `must be a URL like ${example}` });
const postgresUrl = url(/^postgres(ql)?$/, 'postgresql://user:password@host:5432/database');
const redisUrl = url(/^rediss?$/, 'redis://user:password@host:6379');
/** An http(s) base address without credentials, query or fragment; a trailing slash is dropped so that paths can be appended. */
const httpUrl: TextOf<string> = url(/^https?$/, 'https://api.example.com')
  .transform((address) => new URL(address))
  .refine((it) => !(it.username || it.password || it.search || it.hash), 'must have no credentials, query or fragment')
  .transform((address) => address.href.replace(/\/+$/, ''));

/** A part of a key. */
const word = matching(/^[\w-]{1,64}$/, 'must be letters, digits, - and _ only, at most 64');
/** A token is part of an HTTP header: visible ASCII only. */
const headerToken = matching(/^[\x21-\x7e]+$/, 'must be one word of visible ASCII characters');
/** A relative path such as `team/arcadia`: no segment of dots only, no character that a URL would have to escape. */
const pathBelow = matching(/^\w[\w.-]*(\/\w[\w.-]*)*$/, 'must be a path like team/arcadia: letters, digits, -, _ and . only');

const commaList: TextOf<string[]> = z
  .string()
  .transform((list) => [...new Set(list.split(',').map((item) => item.trim()))].filter((item) => item !== ''));
const pathsBelow: TextOf<string[]> = commaList.pipe(z.array(pathBelow).min(1, 'must name a path at least'));
const words: TextOf<string[]> = commaList.pipe(z.array(word).min(1, 'must name one at least'));
const spacesUrl = matching(/^https?:\/\/[^\s?#@]*\{region\}[^\s?#@]*$/, 'must be a URL like https://{region}.digitaloceanspaces.com');
/** Exact origins, as browsers send them. `*` is refused, because the API returns the data of tenants. */
const origins: TextOf<string[]> = commaList.refine(
  (list) => list.every((item) => URL.canParse(item) && new URL(item).origin === item && item.startsWith('http')),
  'must be a comma list of origins like https://app.example.com, without paths and without *',
);
function allOrSome<const T extends string>(known: readonly T[]): TextOf<'all' | T[]> {
  const error = `must be all or a comma list of ${known.join(', ')}`;
  return z.union([z.literal('all'), commaList.pipe(z.array(z.enum(known)).min(1, error))], { error });
}

const smtpUrl = url(/^smtps?$/, 'smtps://user:password@mail.example.com:465');
const mailAddress: TextOf<string> = matching(/^[^\s@<>"]+@[^\s@<>"]+$/, 'must be an address like arcadia@example.com');

/** One variable as `.env.example` describes it. */
interface VariableDescription {
  readonly type: 'setting' | 'optional' | 'secret';
  /** The processes or libraries that act on the variable. */
  readonly readBy: string;
  /** The meaning in a few words. The name contains the unit. */
  readonly about: string;
  /** As it would be written in the environment; empty without a default. */
  readonly default: string;
  readonly productionDefault?: string;
  /** The check of a secret's text. */
  readonly secretCheck?: SecretCheck;
}

const DESCRIPTIONS = z.registry<VariableDescription>();

/** Always has a value, because it has a default. */
function setting<T>(readBy: string, about: string, schema: TextOf<T>, byDefault: string, productionDefault?: string) {
  return schema.prefault(byDefault).register(DESCRIPTIONS, { type: 'setting', readBy, about, default: byDefault, productionDefault });
}

/** May be unset. */
function optional<T>(readBy: string, about: string, schema: TextOf<T>) {
  return schema.optional().register(DESCRIPTIONS, { type: 'optional', readBy, about, default: '' });
}

/** May be unset, and may come from NAME_FILE or Vault. Its value is a function, so that each use gets a rotated value. */
function secret(readBy: string, about: string, schema: TextOf<string>, inProduction = schema) {
  const secretCheck: SecretCheck = (value, production) => (production ? inProduction : schema).safeParse(value).error?.issues[0]?.message;
  return z
    .custom<SecretSource>()
    .transform((source, context) => readSecret(source, secretCheck, (message) => context.addIssue(message)))
    .register(DESCRIPTIONS, { type: 'secret', readBy, about, default: '', secretCheck });
}

/** The variables that are read first, because the secrets of the others may be in Vault. */
const VAULT_SHAPE = {
  VAULT_SECRETS: optional('vault', 'set: secrets come from these paths (comma list) of Vault or OpenBao, KV v2', pathsBelow),
  VAULT_ADDR: optional('vault', 'address of Vault, like https://vault.example.com:8200', httpUrl),
  VAULT_NAMESPACE: optional('vault', 'namespace, where Vault has namespaces', headerToken),
  VAULT_MOUNT: setting('vault', 'mount of the KV v2 engine', pathBelow, 'secret'),
  VAULT_ROLE: optional('vault', 'role of the Kubernetes auth method; instead of a token', pathBelow),
  VAULT_AUTH_MOUNT: setting('vault', 'mount of the Kubernetes auth method', pathBelow, 'kubernetes'),
  VAULT_KUBERNETES_TOKEN_PATH: setting(
    'vault',
    'token of the service account',
    text,
    '/var/run/secrets/kubernetes.io/serviceaccount/token',
  ),
  VAULT_TOKEN: secret('vault', 'token; instead of a role; also _FILE', headerToken),
  VAULT_REFRESH_MS: setting('vault', 'between two reads of rotated secrets', timerMs(100), '60000'),
  VAULT_TIMEOUT_MS: setting('vault', 'time limit of one answer', timerMs(1), '5000'),
};

const SHAPE = {
  NODE_ENV: setting('all', 'production is strict about secrets', oneOf('development', 'test', 'production'), 'development'),
  HOST: setting('api, worker', 'address to listen on; 0.0.0.0 in production', text, '127.0.0.1', '0.0.0.0'),
  PORT: setting('api', 'port of the HTTP API', port, '4005'),
  WORKER_PORT: setting('worker', 'port of health', port, '4006'),
  LOG_LEVEL: setting('api, worker', 'error, warn, log, debug or verbose', logLevel, 'log'),
  DATA_DIR: setting('all', 'embedded database, simulator state, run.json, development secret', text, '.data'),
  METRICS_PORT: optional('api', 'port of metrics for Prometheus, without a token; unset: only GET /metrics for platform admins', port),
  CORS_ORIGINS: setting('api', 'comma list of browser origins; none by default', origins, ''),
  CONSOLE_ORIGINS: setting('api', 'comma list of origins whose forms may start a session of the console; none by default', origins, ''),
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
  DATABASE_POOL_SIZE: setting('database', 'connections per pool; an api has two, a worker one', wholeNumber(2, 200), '8'),

  REDIS_URL: secret('queues', 'set: BullMQ on Redis or Valkey; unset: on PostgreSQL; also _FILE', redisUrl),
  QUEUE_PREFIX: setting('queues', 'first part of all keys on a shared Redis', word, 'arcadia'),
  WORKER_QUEUES: setting('worker', `all, or a comma list of ${QUEUE_NAMES.join(', ')}`, allOrSome(QUEUE_NAMES), 'all'),
  SCHEDULES: setting('worker', 'on: this worker maintains the schedules; off: it only runs jobs', flag('on', 'off'), 'on'),
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
  DO_ROUTE_RATE_PERCENT: setting('digitalocean', 'our share of the limits of single routes, in percent (KND-3)', wholeNumber(1), '100'),
  DO_MINUTE_WINDOW_MS: setting('digitalocean', 'length of that minute; tests shrink it', timerMs(1), '60000'),
  DO_HOUR_WINDOW_MS: setting('digitalocean', 'length of that hour; tests shrink it', timerMs(1), '3600000'),
  DO_CALL_TIMEOUT_MS: setting('digitalocean', 'time limit of one call', timerMs(1), '30000'),
  SPACES_KEYS: secret(
    'inventory',
    'keys of the object storage, access:secret, comma list; unset: only projects name buckets; also _FILE',
    spacesKeys,
  ),
  SPACES_REGIONS: setting(
    'inventory',
    'regions with object storage, comma list',
    words,
    'nyc3,sfo2,sfo3,tor1,ams3,fra1,lon1,sgp1,blr1,syd1,atl1',
  ),
  SPACES_URL: setting('inventory', 'object storage of a {region}', spacesUrl, 'https://{region}.digitaloceanspaces.com'),
  FALLBACK_PROJECT: setting('inventory', 'project of resources without an owner', text, 'skyai-internal'),
  ACCOUNT_CHECK_MS: setting('inventory', 'between two checks of the account (INV-6); 0 = before every sweep', ms, '300000'),

  JWT_SECRET: secret('identity', 'raw UTF-8, 64 bytes or more; development: made in DATA_DIR; also _FILE', text, productionJwtSecret),
  JWT_ISSUER: optional('identity', 'required iss of user tokens; unset: any', text),
  JWT_AUDIENCE: optional('identity', 'required aud of user tokens; unset: any but finance', text),
  JWT_LEEWAY_S: setting('identity', 'clock leeway (TEN-1)', wholeNumber(0, 300), '5'),

  ...VAULT_SHAPE,

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
  EVENTS_NUMBER_MS: setting('worker', 'between two runs that give committed events their numbers (EVT-1)', timerMs(100), '120'),
  SWEEP_RETENTION_DAYS: setting('worker', 'age from which one complete sweep per kind and day is kept', wholeNumber(7, 36_500), '30'),
  PROVIDER_ACTION_RETENTION_DAYS: setting('worker', "age at which the provider's actions are deleted", wholeNumber(7, 36_500), '90'),
  BALANCE_HOURLY_DAYS: setting('worker', 'age from which one balance per day is kept', wholeNumber(1, 36_500), '35'),

  SAGA_LEASE_MS: setting('saga', 'lease of one worker on one saga (SAG-18)', timerMs(100), '6000'),
  SAGA_RENEW_MS: setting('saga', 'between two renewals of the lease; shorter than it', timerMs(10), '2000'),
  SAGA_RECONCILE_MS: setting('saga', 'between two checks for sagas without a worker (SAG-18)', timerMs(10), '1000'),
  SAGA_POLL_MS: setting('saga', 'between two shared polls of the provider for waiting sagas', timerMs(10), '5000'),
  PROVIDER_LAG_MS: setting('saga, inventory', 'lag bound W: how long a fresh effect may be invisible', ms, '60000'),
  SAGA_OPEN_PER_TENANT: setting(
    'saga',
    'open sagas that one tenant may have started, until an admin sets the limit open_sagas (TEN-6)',
    wholeNumber(1),
    '50',
  ),
  PLAN_KEY: secret('saga', 'key of the hashes of plans, 32 bytes or more; unset: made from JWT_SECRET; also _FILE', planKey),
  REAPER_GRACE_MS: setting('provisioning', 'time after a saga in which its late effects are looked for (SAG-6)', ms, '900000'),
  REAPER_PERIOD_MS: setting('provisioning', 'between two runs of the reaper (SAG-6)', timerMs(100), '60000'),

  SECRETS_KEY: secret(
    'notifications',
    'keys of the stored secrets of webhooks and chat, 32 bytes in base64, newest first; development: made in DATA_DIR; also _FILE',
    secretsKeys,
  ),
  NOTIFY_MS: setting('worker', 'between two searches for new events and due deliveries (WHK-1)', timerMs(50), '500'),
  OUTBOUND_TIMEOUT_MS: setting('notifications', 'time limit of one delivery', timerMs(100), '15000'),
  SMTP_URL: secret(
    'notifications',
    'mail server; unset: mails are logged, and go to a simulator that is the provider; also _FILE',
    smtpUrl,
  ),
  MAIL_FROM: setting('notifications', 'sender of mails', mailAddress, 'arcadia-cloud@localhost.invalid'),
  EVENT_STREAMS_PER_TENANT: setting('api', 'open streams of events of one tenant, in all processes together', wholeNumber(1, 10_000), '20'),
  EVENT_STREAM_HEARTBEAT_MS: setting('api', 'between two heartbeats of an idle stream', timerMs(100), '15000'),

  COSTS_FRESH_MS: setting('api', 'how long equal questions about the costs until now share one answer', ms, '10000'),
  PROOF_KEY: secret(
    'billing',
    'signs the documents of tenants: Ed25519, PEM or base64; development: made in DATA_DIR; also _FILE',
    proofKey,
  ),
  SKYAI_FINANCE_URL: optional('billing', 'finance service; unset: no push', httpUrl),
  FINANCE_TENANT_ID: setting('billing', 'tenant_id of finance tokens', text, 'platform-admin'),

  SIMULATOR_PORT: setting('simulator, npm start', 'port of the simulated provider', port, '4008'),
  SIMULATOR_TOKEN: setting('simulator, npm start', 'the token it accepts', headerToken, 'dop_v1_simulator'),
  SIMULATOR_SEED: setting('simulator', 'whole number; same seed, same account', wholeNumber(0), '1'),
  SIMULATOR_SCALE: setting('simulator', 'size of the demo account, 1 = about 60 droplets', scale, '1'),
  DEMO_MONTHS: setting('npm start', 'closed months of the demo that get invoices to tenants, 0 to 24', wholeNumber(0), '24'),
  EMBEDDED_PG_OS_USER: optional('npm start, tests', 'account that runs the embedded PostgreSQL when we are root', text),
  TEST_REDIS_URL: optional('tests', 'run the queue tests on this Redis or Valkey too', redisUrl),
  REQUIRE_REDIS: setting('tests', '1: a skipped Redis suite is a failure', flag('1', '0'), '0'),
  DO_OPENAPI: optional('tests', "path of DigitalOcean's OpenAPI document", text),
};

/** The schemas of the environment. Their input is made by `environment.ts`: trimmed text, or a `SecretSource`. */
export const VAULT_ENVIRONMENT = z.object(VAULT_SHAPE);
export const ENVIRONMENT = z.object(SHAPE);

export type VariableName = keyof typeof SHAPE;
/** The checked values, by variable. */
export type Values = z.output<typeof ENVIRONMENT>;
export type VaultValues = z.output<typeof VAULT_ENVIRONMENT>;

/** Every variable that arcadia-cloud reads, in the order of `.env.example`, which is tested against this table. */
export const VARIABLES = Object.fromEntries(Object.entries(SHAPE).map(([name, schema]) => [name, DESCRIPTIONS.get(schema)])) as Readonly<
  Record<VariableName, VariableDescription>
>;

/** The names of the variables that may also come from NAME_FILE. */
export const SECRET_NAMES: readonly string[] = Object.entries(VARIABLES)
  .filter(([, { type }]) => type === 'secret')
  .map(([name]) => name);

/** Why a secret's text cannot be used, as "must be …"; undefined when it can be used or `name` is no secret. */
export function secretProblem(name: string, value: string, production: boolean): string | undefined {
  return Object.entries(VARIABLES)
    .find(([known]) => known === name)?.[1]
    .secretCheck?.(value, production);
}
