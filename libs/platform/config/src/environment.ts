import { closest, distance } from 'fastest-levenshtein';
import type { z } from 'zod';
import type { ExternalSecrets, Secret, SecretSource } from './secrets';
import {
  ENVIRONMENT,
  SECRET_NAMES,
  TOKEN_PURPOSES,
  VARIABLES,
  VAULT_ENVIRONMENT,
  type TokenPurpose,
  type Values,
  type VaultValues,
} from './variables';

/** The purpose of the process: a service, or applying migrations. */
export type ConfigUse = 'service' | 'migration';

/** The circumstances of one read. */
interface ReadContext {
  readonly env: NodeJS.ProcessEnv;
  readonly use: ConfigUse;
  readonly production: boolean;
}

/** The values are undefined when there are problems. */
interface Reading<V> {
  readonly values: V | undefined;
  readonly problems: readonly string[];
}

/**
 * An empty variable counts as unset: `NAME=` in a file, a compose default, a cleared field of a deployment form. So does an address such as
 * `WORKER_PORT=tcp://10.0.0.7:80`, which Kubernetes sets in every container for a service called `worker`.
 */
function textOf(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const text = (env[name] ?? '').trim();
  return text === '' || (name.endsWith('PORT') && /^(tcp|udp):\/\//.test(text)) ? undefined : text;
}

const isSet = (env: NodeJS.ProcessEnv, name: string): boolean => textOf(env, name) !== undefined;

/** The input of the schemas: trimmed text for a setting, all places of a secret. */
function schemaInput({ env, production }: ReadContext, external: ExternalSecrets): Record<string, string | SecretSource | undefined> {
  return Object.fromEntries(
    Object.entries(VARIABLES).map(([name, { type, productionDefault }]) => {
      if (type !== 'secret') return [name, textOf(env, name) ?? (production ? productionDefault : undefined)];
      const source: SecretSource = {
        name,
        text: isSet(env, name) ? env[name] : undefined,
        path: isSet(env, `${name}_FILE`) ? env[`${name}_FILE`] : undefined,
        external: Object.hasOwn(external, name) ? external[name] : undefined,
        production,
      };
      return [name, source];
    }),
  );
}

/** Parses the environment with a schema and its cross-checks. A variable has one problem at most. */
function parseEnvironment<V>(
  schema: z.ZodType<V>,
  checks: readonly CrossCheck<V>[],
  context: ReadContext,
  external: ExternalSecrets,
): Reading<V> {
  const checked = checks.reduce(
    (refined, { of, find }) =>
      refined.superRefine(
        (values, issues) => {
          const problem = find(values, context);
          if (problem) issues.addIssue(problem);
        },
        { when: ({ issues }) => !of.some((name) => issues.some(({ path }) => path?.[0] === name)) },
      ),
    schema,
  );
  const { data, error } = checked.safeParse(schemaInput(context, external), { jitless: true }); // compiled code pays only when used often
  const issues = error?.issues ?? [];
  const isFirst = ({ path: [name] }: z.core.$ZodIssue, at: number): boolean =>
    name === undefined || issues.findIndex(({ path }) => path[0] === name) === at;
  return {
    values: data,
    problems: issues.filter(isFirst).map(({ path: [name], message }) => (name ? `${String(name)} ${message}` : message)),
  };
}

const contextOf = (env: NodeJS.ProcessEnv, use: ConfigUse): ReadContext => ({
  env,
  use,
  production: env['NODE_ENV']?.trim() === 'production',
});

/** Reads every variable. The problems include misspelt names. */
export function readEnvironment(env: NodeJS.ProcessEnv, use: ConfigUse, external: ExternalSecrets = {}): Reading<Values> {
  const { values, problems } = parseEnvironment(ENVIRONMENT, [...CROSS_CHECKS, ...VAULT_CROSS_CHECKS], contextOf(env, use), external);
  const misspelt = misspeltNames(env);
  return { values: misspelt.length > 0 ? undefined : values, problems: [...misspelt, ...problems] };
}

/** Reads the VAULT_ variables only; the others may be incomplete until the secrets of Vault have been read. */
export function readVaultEnvironment(env: NodeJS.ProcessEnv): Reading<VaultValues> & { readonly production: boolean } {
  const context = contextOf(env, 'service');
  const { values, problems } = parseEnvironment(VAULT_ENVIRONMENT, VAULT_CROSS_CHECKS, context, {});
  const misspelt = misspeltNames(env).filter((problem) => problem.startsWith('VAULT_'));
  return { values, problems: [...misspelt, ...problems], production: context.production };
}

/** The audience of the tokens that we sign for the finance service. This API refuses them, and finance refuses tokens of users. [TEN-1] */
export const FINANCE_AUDIENCE = 'skyai-finance';
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** Addresses of the host's metadata service, which hands out credentials of the machine. No service of ours lives there. */
const LINK_LOCAL = /^(169\.254(\.\d+){2}|\[(fe[89ab][0-9a-f]:|::ffff:a9fe:|fd00:ec2:).*\]|metadata(\.google\.internal)?\.?)$/;

const isLoopback = (url: string): boolean => LOOPBACK.test(new URL(url).hostname);

/** True for an address that would send its contents over a network in the clear. */
const isPlain = (url: string | undefined): boolean => url !== undefined && !url.startsWith('https:') && !isLoopback(url);

/** Production calls no metadata service, whatever the notation of its address: these variables carry tokens. [TEN-9] */
function metadataChecks<V>(names: readonly (string & keyof V)[]): CrossCheck<V>[] {
  return names.map((name) => ({
    of: [name],
    find: (values, { production }) => {
      const url: unknown = values[name];
      const isMetadata = production && typeof url === 'string' && LINK_LOCAL.test(new URL(url).hostname);
      return isMetadata && `${name} must not be a link-local address: the metadata service of the machine is there`;
    },
  }));
}

interface CrossCheck<V> {
  /** The check is skipped when one of these variables is wrong on its own. */
  readonly of: readonly (string & keyof V)[];
  /** The problem, or a falsy value. */
  readonly find: (values: V, context: ReadContext) => string | false | undefined;
}

/** The token of each purpose that has a token of its own. */
export function purposeTokens(values: Values): Record<TokenPurpose, Secret | undefined> {
  return {
    'sync-fast': values.DO_API_TOKEN_SYNC_FAST,
    'sync-full': values.DO_API_TOKEN_SYNC_FULL,
    'sync-slow': values.DO_API_TOKEN_SYNC_SLOW,
    billing: values.DO_API_TOKEN_BILLING,
    provisioning: values.DO_API_TOKEN_PROVISIONING,
  };
}

const TOKENS = [
  'DO_API_TOKEN',
  'DO_API_TOKEN_SYNC_FAST',
  'DO_API_TOKEN_SYNC_FULL',
  'DO_API_TOKEN_SYNC_SLOW',
  'DO_API_TOKEN_BILLING',
  'DO_API_TOKEN_PROVISIONING',
] as const;

const CROSS_CHECKS: readonly CrossCheck<Values>[] = [
  {
    of: ['JWT_SECRET'],
    find: ({ JWT_SECRET }, { production, use }) =>
      production &&
      use === 'service' && // migrations need no secret
      !JWT_SECRET &&
      'JWT_SECRET is not set; production needs the secret shared with the issuer of user tokens',
  },
  {
    of: ['PROOF_KEY', 'WORKER_QUEUES'],
    find: ({ PROOF_KEY, WORKER_QUEUES: queues }, { production, use }) =>
      production &&
      use === 'service' &&
      !PROOF_KEY &&
      (queues === 'all' || queues.includes('billing') || queues.includes('metering')) &&
      'PROOF_KEY is not set; production needs the key that signs the documents of tenants',
  },
  {
    of: ['DATABASE_URL'],
    find: ({ DATABASE_URL }, { production }) => production && !DATABASE_URL && 'DATABASE_URL is not set; production needs a PostgreSQL',
  },
  {
    of: ['DO_API_URL', ...TOKENS],
    find: (values, { env }) =>
      isSet(env, 'DO_API_URL') && !TOKENS.some((name) => values[name]) && 'DO_API_URL is set without a token; set DO_API_TOKEN too',
  },
  {
    of: TOKENS,
    find: (values) => {
      const own = purposeTokens(values);
      const without = values.DO_API_TOKEN ? [] : TOKEN_PURPOSES.filter((purpose) => !own[purpose]);
      const some = without.length > 0 && without.length < TOKEN_PURPOSES.length;
      return some && `DO_API_TOKEN is not set and these have no token of their own: ${without.join(', ')}`;
    },
  },
  {
    of: ['DO_API_URL'],
    find: ({ DO_API_URL }, { production }) =>
      production && isPlain(DO_API_URL) && 'DO_API_URL must be https in production: it carries a token',
  },
  {
    of: ['SKYAI_FINANCE_URL'],
    find: ({ SKYAI_FINANCE_URL }, { production }) =>
      production && isPlain(SKYAI_FINANCE_URL) && 'SKYAI_FINANCE_URL must be https in production: finance gets an admin token',
  },
  {
    of: ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_HEADERS'],
    find: ({ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS }, { production }) =>
      production &&
      OTEL_EXPORTER_OTLP_HEADERS !== undefined &&
      isPlain(OTEL_EXPORTER_OTLP_ENDPOINT) &&
      'OTEL_EXPORTER_OTLP_ENDPOINT must be https in production when OTEL_EXPORTER_OTLP_HEADERS is set: the headers may contain a token',
  },
  ...metadataChecks<Values>(['DO_API_URL', 'SKYAI_FINANCE_URL', 'OTEL_EXPORTER_OTLP_ENDPOINT']),
  {
    of: ['DO_API_URL', 'SKYAI_FINANCE_URL'],
    find: ({ DO_API_URL, SKYAI_FINANCE_URL }) =>
      isLoopback(DO_API_URL) &&
      SKYAI_FINANCE_URL !== undefined &&
      !isLoopback(SKYAI_FINANCE_URL) &&
      'SKYAI_FINANCE_URL must be a loopback address when the provider is one: made-up invoices must not reach real books',
  },
  {
    of: ['JWT_AUDIENCE'],
    find: ({ JWT_AUDIENCE }) =>
      JWT_AUDIENCE === FINANCE_AUDIENCE && `JWT_AUDIENCE must not be ${FINANCE_AUDIENCE}: such tokens are always refused`,
  },
  {
    of: ['SAGA_RENEW_MS', 'SAGA_LEASE_MS'],
    find: ({ SAGA_RENEW_MS, SAGA_LEASE_MS }) => SAGA_RENEW_MS >= SAGA_LEASE_MS && 'SAGA_RENEW_MS must be shorter than SAGA_LEASE_MS',
  },
];

const VAULT_CROSS_CHECKS: readonly CrossCheck<VaultValues>[] = [
  {
    of: ['VAULT_SECRETS', 'VAULT_ADDR', 'VAULT_ROLE', 'VAULT_TOKEN'],
    find: ({ VAULT_SECRETS, VAULT_ADDR, VAULT_ROLE, VAULT_TOKEN }) => {
      if (!VAULT_SECRETS) return VAULT_ADDR && VAULT_ROLE && 'VAULT_ROLE is set without VAULT_SECRETS; set the paths of the secrets too';
      if (!VAULT_ADDR) return 'VAULT_SECRETS is set without VAULT_ADDR';
      if (VAULT_ROLE && VAULT_TOKEN) return 'VAULT_ROLE and VAULT_TOKEN are both set; use one';
      return !VAULT_ROLE && !VAULT_TOKEN && 'VAULT_SECRETS is set without VAULT_ROLE or VAULT_TOKEN';
    },
  },
  {
    of: ['VAULT_SECRETS', 'VAULT_ADDR'],
    find: ({ VAULT_SECRETS, VAULT_ADDR }, { production }) =>
      production && VAULT_SECRETS !== undefined && isPlain(VAULT_ADDR) && 'VAULT_ADDR must be https in production: it carries secrets',
  },
  ...metadataChecks<VaultValues>(['VAULT_ADDR']),
];

const KNOWN: readonly string[] = [...Object.keys(VARIABLES), ...SECRET_NAMES.map((name) => `${name}_FILE`)];

/** Prefixes of our own: an unknown name with one of them is a mistake. Other names (DO_NOT_TRACK, JWT_ALG) may be foreign. */
const OWN_PREFIXES = ['DO_API_', 'DO_RATE_', 'DO_CALL_', 'SAGA_', 'SIMULATOR_', 'STRIKE_', 'STRIKES_', 'VANISH_', 'SWEEP_', 'REAPER_'];
const UNITS = ['_MS', '_S', '_URL', '_PER_MINUTE', '_PER_HOUR', '_DAYS'];
/** Shorter names are too close to foreign ones: HOME is two letters from HOST. */
const MIN_LENGTH = 8;

/** Variables that Kubernetes sets in every container for a service called `worker`, `simulator`, … */
const SERVICE_LINK = /_SERVICE_(HOST|PORT(_\w+)?)$|_PORT_\d+_(TCP|UDP)(_(ADDR|PORT|PROTO))?$/;

function isMisspelling(name: string, nearest: string): boolean {
  if (SERVICE_LINK.test(name)) return false;
  if (OWN_PREFIXES.some((prefix) => name.startsWith(prefix))) return true;
  if (name.includes('_') && UNITS.some((unit) => nearest === name + unit)) return true;
  return nearest.length >= MIN_LENGTH && distance(name, nearest) <= 2;
}

/** One problem for each name that is a misspelling of one of ours. Foreign variables are ignored. */
export function misspeltNames(env: NodeJS.ProcessEnv): string[] {
  return Object.keys(env)
    .filter((name) => !KNOWN.includes(name))
    .flatMap((name) => {
      const nearest = KNOWN.find((known) => UNITS.some((unit) => known === name + unit)) ?? closest(name, KNOWN);
      return isMisspelling(name, nearest) ? [`${name} is not a variable of ours; did you mean ${nearest}?`] : [];
    });
}
