import type { VaultSettings } from '../vault-settings';
import type { VaultHttpClient } from './vault-door';
import type { VaultLogin } from './vault-login';
import { VaultError } from './vault.error';

/** Every field of every configured path. Throws VaultError: all of them are read, or none counts. */
export async function readSecrets(
  settings: VaultSettings,
  door: VaultHttpClient,
  login: VaultLogin,
): Promise<ReadonlyMap<string, unknown>> {
  const all = new Map<string, unknown>();
  for (const [index, path] of settings.paths.entries()) {
    const what = `path ${index + 1} of VAULT_SECRETS`;
    const fields = fieldsOf(await readPath(`${settings.mount}/data/${path}`, what, door, login), what);
    for (const [name, value] of Object.entries(fields)) {
      if (all.has(name)) throw new VaultError(`${what} and an earlier one both have a field of the same name; keep each secret once`);
      all.set(name, value);
    }
  }
  return all;
}

async function readPath(path: string, what: string, door: VaultHttpClient, login: VaultLogin): Promise<unknown> {
  const ask = async () => door.ask({ method: 'GET', path, token: await login.token(), what });
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof VaultError) || error.status !== 403 || !login.forget()) throw error;
    return ask(); // with a token of now
  }
}

/** `{data: {data: {…}, metadata: {…}}}`; `data.data` is null when the newest version was deleted. */
function fieldsOf(answer: unknown, what: string): Record<string, unknown> {
  const { data } = (answer ?? {}) as { data?: { data?: unknown } | null };
  const fields = data?.data;
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
    throw new VaultError(`Vault's answer to ${what} is not a KV v2 secret: look at VAULT_MOUNT`);
  }
  return fields as Record<string, unknown>;
}
