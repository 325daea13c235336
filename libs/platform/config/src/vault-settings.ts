import { Refusal } from './check';
import { ConfigError } from './config.error';
import { misspeltNames } from './misspelt';
import type { Secret } from './config';
import { readVariables } from './read';
import type { Variable } from './variable';
import { SECRET_NAMES, VARIABLES } from './variables';

/** Where the secrets are kept, and as whom we may read them. */
export interface VaultSettings {
  readonly address: string;
  readonly namespace: string | undefined;
  readonly mount: string;
  /** Paths below the mount; each holds fields named like variables. */
  readonly paths: readonly string[];
  readonly auth: { readonly token: Secret } | { readonly role: string; readonly mount: string; readonly tokenPath: string };
  readonly refreshMs: number;
  readonly timeoutMs: number;
  /** What is wrong with the value of one of KEPT_NAMES, as "NAME must be …"; undefined when it can be used. */
  readonly problemOf: (name: string, value: unknown) => string | undefined;
}

/** Variables whose values may be kept in Vault: every secret but the key to it. */
export const EXTERNAL_SECRET_NAMES: readonly string[] = SECRET_NAMES.filter((name) => name !== 'VAULT_TOKEN');

function keptValueProblem(name: string, value: unknown, production: boolean): string | undefined {
  if (value === undefined) return `${name} is no longer in Vault`;
  if (typeof value !== 'string' || value === '') return `${name} in Vault must be text that is not empty`;
  const variable: Variable | undefined = Object.entries(VARIABLES).find(([known]) => known === name)?.[1];
  if (variable?.type !== 'secret') return undefined;
  try {
    (production ? variable.productionCheck : variable.check)(value);
    return undefined;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return `${name} in Vault ${error.message}`;
  }
}

/** What is wrong with the names of fields that are kept: misspelt ones, and settings, which are no secrets. Foreign ones pass. */
export function externalNameProblems(names: readonly string[]): string[] {
  const settings = names.filter((name) => Object.hasOwn(VARIABLES, name) && !EXTERNAL_SECRET_NAMES.includes(name));
  return [
    ...misspeltNames(Object.fromEntries(names.map((name) => [name, '']))).map((problem) => `In Vault ${problem}`),
    ...settings.map((name) => `${name} is kept in Vault, but only secrets are read there; set it in the environment`),
  ];
}

/**
 * Undefined without VAULT_SECRETS. Read before everything else, because the rest of the configuration needs what is kept there; so a ConfigError
 * of this names the problems of the VAULT_ variables only.
 */
export function vaultSettings(env: NodeJS.ProcessEnv): VaultSettings | undefined {
  const { values, problems } = readVariables(env, 'service');
  const ours = [...misspeltNames(env), ...problems].filter((problem) => problem.startsWith('VAULT_'));
  if (ours.length > 0) throw new ConfigError(ours);
  const { VAULT_SECRETS: paths, VAULT_ADDR: address, VAULT_ROLE: role, VAULT_TOKEN: token } = values;
  if (!paths || !address) return undefined;
  const auth = token ? { token } : role && { role, mount: values.VAULT_AUTH_MOUNT, tokenPath: values.VAULT_KUBERNETES_TOKEN_PATH };
  if (!auth) return undefined;
  return {
    address,
    namespace: values.VAULT_NAMESPACE,
    mount: values.VAULT_MOUNT,
    paths,
    auth,
    refreshMs: values.VAULT_REFRESH_MS,
    timeoutMs: values.VAULT_TIMEOUT_MS,
    problemOf: (name, value) => keptValueProblem(name, value, values.NODE_ENV === 'production'),
  };
}
