import { TOKEN_PURPOSES, type Secret, type TokenPurpose } from './config';
import type { Values, VariableName } from './variables';

/** Of the tokens we mint for the finance service. They open nothing here and users' tokens nothing there (TEN-1): no service expects both. */
export const FINANCE_AUDIENCE = 'skyai-finance';
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

const isLoopback = (url: string): boolean => LOOPBACK.test(new URL(url).hostname);

interface CrossCheck {
  /** Not asked when one of these is wrong on its own. */
  readonly of: readonly VariableName[];
  /** Applying migrations needs less than serving. */
  readonly servicesOnly?: true;
  /** The problem, or a falsy value. `isSet` tells a default from what somebody wrote. */
  readonly find: (values: Values, isSet: (name: VariableName) => boolean) => string | false | undefined;
}

/** The token of each purpose that has one of its own. */
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

export const CROSS_CHECKS: readonly CrossCheck[] = [
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
