export { openConfig, type OpenedConfig } from './open-config';
export { VaultError } from './vault.error';
export { VaultSecrets, type VaultRefreshOutcome } from './vault-secrets';
