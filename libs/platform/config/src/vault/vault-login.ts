import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { ConfigError, VaultError } from '../config.errors';
import { readVaultEnvironment } from '../environment';
import type { Secret } from '../secrets';
import type { VaultHttpClient } from './vault-http-client';

/** The address and paths of the secrets in Vault, and the identity that reads them. */
export interface VaultSettings {
  readonly address: string;
  readonly namespace: string | undefined;
  readonly mount: string;
  /** Paths below the mount; the fields of each are named like variables. */
  readonly paths: readonly string[];
  readonly auth: { readonly token: Secret } | { readonly role: string; readonly mount: string; readonly tokenPath: string };
  readonly refreshMs: number;
  readonly timeoutMs: number;
  /** The checks of production apply to the values. */
  readonly production: boolean;
}

/**
 * Undefined without VAULT_SECRETS. These settings are read first, because the rest of the configuration needs the secrets in Vault. So the
 * ConfigError of this function names the problems of the VAULT_ variables only.
 */
export function vaultSettings(env: NodeJS.ProcessEnv): VaultSettings | undefined {
  const { values, problems, production } = readVaultEnvironment(env);
  if (!values) throw new ConfigError(problems);
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
    production,
  };
}

/** The next login happens at this share of the lease, before the token ends. */
const RENEW_AT = 0.66;

/** Provides the token of the requests: the configured one, or one that Vault issues for the service account of this pod. */
export class VaultLogin {
  private issued: { readonly token: string; readonly untilMs: number } | undefined;

  constructor(
    private readonly auth: VaultSettings['auth'],
    private readonly client: VaultHttpClient,
  ) {}

  async token(): Promise<string> {
    if ('token' in this.auth) return this.auth.token();
    if (this.issued && performance.now() < this.issued.untilMs) return this.issued.token;
    const response = await this.client.request({
      method: 'POST',
      path: `auth/${this.auth.mount}/login`,
      body: { role: this.auth.role, jwt: await serviceAccountToken(this.auth.tokenPath) },
      subject: 'the login with VAULT_ROLE',
    });
    const { token, leaseS } = parseLogin(response);
    this.issued = { token, untilMs: performance.now() + leaseS * 1000 * RENEW_AT };
    return token;
  }

  /** Forgets a token that Vault refused, as after a restart or a revocation. Returns true when another login may issue a new one. */
  discardToken(): boolean {
    const mayRenew = this.issued !== undefined;
    this.issued = undefined;
    return mayRenew;
  }
}

/** Read at each login, because Kubernetes replaces the file about every hour. */
async function serviceAccountToken(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new VaultError(`The service account's token at VAULT_KUBERNETES_TOKEN_PATH cannot be read (${code})`);
  }
}

const LOGIN = z.object({
  auth: z.object({ client_token: z.string().regex(/^[\x21-\x7e]+$/), lease_duration: z.number().catch(0) }),
});

function parseLogin(response: unknown): { token: string; leaseS: number } {
  const { data } = LOGIN.safeParse(response);
  if (!data) throw new VaultError('Vault answers to the login with VAULT_ROLE without a token');
  return { token: data.auth.client_token, leaseS: data.auth.lease_duration };
}
