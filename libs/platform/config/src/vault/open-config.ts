import { loadConfig, type Config } from '../config';
import type { ConfigUse } from '../environment';
import { vaultSettings } from './vault-login';
import { VaultSecrets } from './vault-secrets';

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
