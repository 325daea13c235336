import { readFile } from 'node:fs/promises';
import type { VaultSettings } from '../vault-settings';
import type { VaultHttpClient } from './vault-door';
import { VaultError } from './vault.error';

/** Another login is due before the token of the last one ends. */
const RENEW_AT = 0.66;

/** The token to ask with: the configured one, or one that Vault gives for the service account of this pod. */
export class VaultLogin {
  private held: { readonly token: string; readonly untilMs: number } | undefined;

  constructor(
    private readonly auth: VaultSettings['auth'],
    private readonly door: VaultHttpClient,
  ) {}

  async token(): Promise<string> {
    if ('token' in this.auth) return this.auth.token();
    if (this.held && performance.now() < this.held.untilMs) return this.held.token;
    const answer = await this.door.ask({
      method: 'POST',
      path: `auth/${this.auth.mount}/login`,
      body: { role: this.auth.role, jwt: await serviceAccountToken(this.auth.tokenPath) },
      what: 'the login with VAULT_ROLE',
    });
    const { token, leaseS } = parseLogin(answer);
    this.held = { token, untilMs: performance.now() + leaseS * 1000 * RENEW_AT };
    return token;
  }

  /** The token was refused, as after a restart or a revocation. Answers whether there may be another one. */
  forget(): boolean {
    const mayRenew = this.held !== undefined;
    this.held = undefined;
    return mayRenew;
  }
}

/** Read each time: Kubernetes replaces it every hour or so. */
async function serviceAccountToken(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new VaultError(`The service account's token at VAULT_KUBERNETES_TOKEN_PATH cannot be read (${code})`);
  }
}

function parseLogin(answer: unknown): { token: string; leaseS: number } {
  const { auth } = (answer ?? {}) as { auth?: { client_token?: unknown; lease_duration?: unknown } };
  if (typeof auth?.client_token !== 'string' || !/^[\x21-\x7e]+$/.test(auth.client_token)) {
    throw new VaultError('Vault answers to the login with VAULT_ROLE without a token');
  }
  return { token: auth.client_token, leaseS: typeof auth.lease_duration === 'number' ? auth.lease_duration : 0 };
}
