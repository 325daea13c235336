export { CONFIG, ConfigModule, loadConfig, openConfig, type Config, type Environment, type OpenedConfig } from './config';
export { ConfigError, VaultError } from './config.errors';
export { FINANCE_AUDIENCE, type ConfigUse } from './environment';
export { ed25519PrivateKey, type ExternalSecrets, type Secret } from './secrets';
export { LOG_LEVELS, QUEUE_NAMES, TOKEN_PURPOSES, type LogLevel, type TokenPurpose } from './variables';
export { vaultSettings, type VaultSettings } from './vault/vault-login';
export { VaultSecrets, type VaultRefreshOutcome } from './vault/vault-secrets';
