import { loadConfig, vaultSettings, type Config } from '#libs/config';
import { VaultSecrets } from './vault-secrets';

/**
 * The configuration of this process, with the secrets that Vault keeps when `VAULT_SECRETS` is set; without it this is `loadConfig`. Vault is
 * asked again as long as the process lives, which it does not prolong. Throws ConfigError or VaultError.
 */
export async function openConfig(env: NodeJS.ProcessEnv, use: 'service' | 'migration' = 'service'): Promise<Config> {
  const settings = vaultSettings(env);
  if (!settings) return loadConfig(env, use);
  const vault = await VaultSecrets.open(settings);
  try {
    return loadConfig(env, use, vault.secrets);
  } catch (error) {
    vault.close();
    throw error;
  }
}
