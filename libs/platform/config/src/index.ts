export {
  LOG_LEVELS,
  TOKEN_PURPOSES,
  type Config,
  type Environment,
  type ExternalSecrets,
  type LogLevel,
  type Secret,
  type TokenPurpose,
} from './config';
export { ConfigError } from './config.error';
export { CONFIG, ConfigModule } from './config.module';
export { FINANCE_AUDIENCE } from './cross-checks';
export { loadConfig } from './load-config';
export { EXTERNAL_SECRET_NAMES, externalNameProblems, vaultSettings, type VaultSettings } from './vault-settings';
export type { ConfigUse } from './read';
export { openConfig, type OpenedConfig } from './vault/open-config';
export { VaultError } from './vault/vault.error';
export { VaultSecrets, type VaultRefreshOutcome } from './vault/vault-secrets';
