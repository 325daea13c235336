export { openConfig } from './open-config';
export { VaultError } from './vault.error';
export { VaultSecrets } from './vault-secrets';
