import { loadConfig } from '../load-config';
import { vaultSettings } from '../vault-settings';
import { type Config } from '../config';
import { type ConfigUse } from '../read';
import { VaultSecrets } from './vault-secrets';

/** The configuration of a process, and where its secrets come from when `VAULT_SECRETS` is set. */
export interface OpenedConfig {
  readonly config: Config;
  /** A process that lives on calls `refresh()` of these from time to time; undefined without Vault. */
  readonly vault: VaultSecrets | undefined;
}

/** Like `loadConfig`, with the secrets that Vault keeps when `VAULT_SECRETS` is set. Throws ConfigError or VaultError. */
export async function openConfig(env: NodeJS.ProcessEnv, use: ConfigUse = 'service'): Promise<OpenedConfig> {
  const settings = vaultSettings(env);
  const vault = settings && (await VaultSecrets.open(settings));
  return { config: loadConfig(env, use, vault?.secrets), vault };
}
