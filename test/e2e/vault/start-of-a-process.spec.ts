import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { PROOF_KEY } from '../../support/settings';
import { until } from '../../support/until';
import { KvServer } from '../../support/vault-server';

const VAULT_TOKEN = 'hvs.of-the-agent';
const JWT = 'k8Zq1vXw3Rb7Ty5Nc9Ld2Mf4Gh6Js0PaVoWeUiBxQzKmYtRlSnDpFgHjCkEuIoAz';

let vault: KvServer;
beforeEach(async () => {
  vault = await KvServer.start();
  vault.tokens.add(VAULT_TOKEN);
});
afterEach(() => vault.stop());

/** Starts a process as in production. It gets its secrets only from Vault. */
function start() {
  const loader = join(__dirname, '../../support/run-typescript.cjs');
  const env = { PATH: process.env.PATH, NODE_ENV: 'production', VAULT_ADDR: vault.url, VAULT_SECRETS: 'arcadia/common', VAULT_TOKEN };
  const child = spawn(process.execPath, ['-r', loader, join(__dirname, 'probe-process.ts')], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const printed = { out: '', err: '' };
  child.stdout.on('data', (chunk) => (printed.out += String(chunk)));
  child.stderr.on('data', (chunk) => (printed.err += String(chunk)));
  return { child, printed, closed: once(child, 'close') };
}

it('starts a process in production with secrets that only Vault has, and stops it on SIGTERM', async () => {
  vault.kept.set('arcadia/common', { JWT_SECRET: JWT, PROOF_KEY, DATABASE_URL: 'postgres://app:pw@db/arcadia' });
  const { child, printed, closed } = start();
  await until(() => printed.out.includes('started'), { what: 'the start' });
  child.kill('SIGTERM');
  expect(await closed).toEqual([0, null]);
  expect(printed.out + printed.err).not.toMatch(/hvs\.|k8Zq|pw@/);
});

it('prints one sentence and exits with 1 when a secret is missing, or with 78 when a restart cannot help [TEN-8]', async () => {
  const missing = start();
  expect(await missing.closed).toEqual([1, null]);
  expect(missing.printed).toEqual({
    out: '',
    err: 'Vault has nothing for path 1 of VAULT_SECRETS (404): look at VAULT_MOUNT, the path, and whether it was deleted\n',
  });
  vault.kept.set('arcadia/common', { JWT_SECRET: 'too short', PROOF_KEY, DATABASE_URL: 'postgres://app:pw@db/arcadia' });
  const unusable = start();
  expect(await unusable.closed).toEqual([78, null]);
  expect(unusable.printed.err).toBe('Configuration problem: JWT_SECRET in Vault must have at least 64 bytes in production\n');
});
