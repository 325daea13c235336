import { closest, distance } from 'fastest-levenshtein';
import { InvalidVariableError } from './config.errors';
import { fileProblem, fileSecret, type ExternalSecrets, type Secret } from './secrets';
import type { Check } from './variable-checks';
import { SECRET_NAMES, TOKEN_PURPOSES, VARIABLES, type TokenPurpose, type Values, type Variable, type VariableName } from './variables';

/** The purpose of the process: a service, or applying migrations. */
export type ConfigUse = 'service' | 'migration';

interface Reading {
  readonly values: Values;
  readonly problems: readonly string[];
}

/** An empty variable counts as unset: `NAME=` in a file, a compose default, a cleared field of a deployment form. */
const isSet = (env: NodeJS.ProcessEnv, name: string): boolean => textOf(env, name) !== '';

/** Kubernetes sets `WORKER_PORT=tcp://10.0.0.7:80` in every container for a service called `worker`; such a value counts as unset. */
function textOf(env: NodeJS.ProcessEnv, name: string): string {
  const text = (env[name] ?? '').trim();
  return name.endsWith('PORT') && /^(tcp|udp):\/\//.test(text) ? '' : text;
}

function readSecretVariable(env: NodeJS.ProcessEnv, name: string, check: Check<string>, external: Secret | undefined): Secret | undefined {
  const path = env[`${name}_FILE`];
  if (external && (isSet(env, name) || isSet(env, `${name}_FILE`)))
    throw new InvalidVariableError('is set in the environment and kept in Vault; use one');
  if (external) return external;
  if (isSet(env, name) && isSet(env, `${name}_FILE`)) throw new InvalidVariableError(`and ${name}_FILE are both set; use one`);
  if (path) {
    try {
      return fileSecret(path, check);
    } catch (error) {
      throw new InvalidVariableError(`in ${name}_FILE ${fileProblem(error)}`);
    }
  }
  if (!isSet(env, name)) return undefined;
  const value = check(env[name] ?? '');
  return () => value;
}

function readVariable(env: NodeJS.ProcessEnv, name: string, variable: Variable, external: Secret | undefined): unknown {
  const text = textOf(env, name);
  const production = env['NODE_ENV']?.trim() === 'production';
  if (variable.type === 'secret') return readSecretVariable(env, name, production ? variable.productionCheck : variable.check, external);
  if (text !== '') return variable.check(text);
  if (variable.type === 'optional') return undefined;
  return variable.check((production ? variable.productionDefault : undefined) ?? variable.default);
}

/** Reads each variable on its own, then runs the cross-checks. When there are problems the values are incomplete and must not be used. */
export function readVariables(env: NodeJS.ProcessEnv, use: ConfigUse, external: ExternalSecrets = {}): Reading {
  const problems: string[] = [];
  const wrong = new Set<string>();
  const entries = Object.entries(VARIABLES).map(([name, variable]) => {
    try {
      return [name, readVariable(env, name, variable, Object.hasOwn(external, name) ? external[name] : undefined)];
    } catch (error) {
      if (!(error instanceof InvalidVariableError)) throw error;
      wrong.add(name);
      problems.push(`${name} ${error.message}`);
      return [name, undefined];
    }
  });
  const values = Object.fromEntries(entries) as Values;
  for (const { of, servicesOnly, find } of CROSS_CHECKS) {
    if (servicesOnly && use !== 'service') continue;
    const problem = of.some((name) => wrong.has(name)) ? undefined : find(values, (name) => isSet(env, name));
    if (problem) problems.push(problem);
  }
  return { values, problems };
}

/** The audience of the tokens that we sign for the finance service. This API refuses them, and finance refuses tokens of users. [TEN-1] */
export const FINANCE_AUDIENCE = 'skyai-finance';
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

const isLoopback = (url: string): boolean => LOOPBACK.test(new URL(url).hostname);

interface CrossCheck {
  /** The check is skipped when one of these variables is wrong on its own. */
  readonly of: readonly VariableName[];
  /** Migrations need fewer variables than a service. */
  readonly servicesOnly?: true;
  /** The problem, or a falsy value. `isSet` distinguishes a default from a value in the environment. */
  readonly find: (values: Values, isSet: (name: VariableName) => boolean) => string | false | undefined;
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

const TOKENS: readonly VariableName[] = [
  'DO_API_TOKEN',
  'DO_API_TOKEN_SYNC_FAST',
  'DO_API_TOKEN_SYNC_FULL',
  'DO_API_TOKEN_SYNC_SLOW',
  'DO_API_TOKEN_BILLING',
  'DO_API_TOKEN_PROVISIONING',
];

const CROSS_CHECKS: readonly CrossCheck[] = [
  {
    of: ['NODE_ENV', 'JWT_SECRET'],
    servicesOnly: true,
    find: ({ NODE_ENV, JWT_SECRET }) =>
      NODE_ENV === 'production' &&
      !JWT_SECRET &&
      'JWT_SECRET is not set; production needs the secret shared with the issuer of user tokens',
  },
  {
    of: ['NODE_ENV', 'DATABASE_URL'],
    find: ({ NODE_ENV, DATABASE_URL }) =>
      NODE_ENV === 'production' && !DATABASE_URL && 'DATABASE_URL is not set; production needs a PostgreSQL',
  },
  {
    of: ['DO_API_URL', ...TOKENS],
    find: (values, isSet) =>
      isSet('DO_API_URL') && !TOKENS.some((name) => values[name]) && 'DO_API_URL is set without a token; set DO_API_TOKEN too',
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
    of: ['NODE_ENV', 'DO_API_URL'],
    find: ({ NODE_ENV, DO_API_URL }) =>
      NODE_ENV === 'production' &&
      !isLoopback(DO_API_URL) &&
      !DO_API_URL.startsWith('https:') &&
      'DO_API_URL must be https in production: it carries a token',
  },
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
    of: ['VAULT_SECRETS', 'VAULT_ADDR', 'VAULT_ROLE', 'VAULT_TOKEN'],
    find: ({ VAULT_SECRETS, VAULT_ADDR, VAULT_ROLE, VAULT_TOKEN }) => {
      if (!VAULT_SECRETS) return VAULT_ADDR && VAULT_ROLE && 'VAULT_ROLE is set without VAULT_SECRETS; set the paths of the secrets too';
      if (!VAULT_ADDR) return 'VAULT_SECRETS is set without VAULT_ADDR';
      if (VAULT_ROLE && VAULT_TOKEN) return 'VAULT_ROLE and VAULT_TOKEN are both set; use one';
      return !VAULT_ROLE && !VAULT_TOKEN && 'VAULT_SECRETS is set without VAULT_ROLE or VAULT_TOKEN';
    },
  },
  {
    of: ['NODE_ENV', 'VAULT_SECRETS', 'VAULT_ADDR'],
    find: ({ NODE_ENV, VAULT_SECRETS, VAULT_ADDR }) =>
      NODE_ENV === 'production' &&
      VAULT_SECRETS !== undefined &&
      VAULT_ADDR?.startsWith('http:') &&
      !isLoopback(VAULT_ADDR) &&
      'VAULT_ADDR must be https in production: it carries secrets',
  },
  {
    of: ['SAGA_RENEW_MS', 'SAGA_LEASE_MS'],
    find: ({ SAGA_RENEW_MS, SAGA_LEASE_MS }) => SAGA_RENEW_MS >= SAGA_LEASE_MS && 'SAGA_RENEW_MS must be shorter than SAGA_LEASE_MS',
  },
];

const KNOWN: readonly string[] = [...Object.keys(VARIABLES), ...SECRET_NAMES.map((name) => `${name}_FILE`)];

/** Prefixes of our own: an unknown name with one of them is a mistake. Other names (DO_NOT_TRACK, DATABASE_USER, JWT_ALG) may be foreign. */
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
