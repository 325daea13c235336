import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { until } from '../setup/until';
import { KvServer } from './kv-server';

const VAULT_TOKEN = 'hvs.of-the-agent';
const JWT = 'k8Zq1vXw3Rb7Ty5Nc9Ld2Mf4Gh6Js0PaVoWeUiBxQzKmYtRlSnDpFgHjCkEuIoAz';

let vault: KvServer;
beforeEach(async () => {
  vault = await KvServer.start();
  vault.tokens.add(VAULT_TOKEN);
});
afterEach(() => vault.stop());

/** As in production, with nothing but Vault to tell it the secrets. */
function start() {
  const loader = join(__dirname, '../digitalocean/run-typescript.cjs');
  const env = { PATH: process.env.PATH, NODE_ENV: 'production', VAULT_ADDR: vault.url, VAULT_SECRETS: 'arcadia/common', VAULT_TOKEN };
  const child = spawn(process.execPath, ['-r', loader, join(__dirname, 'probe-process.ts')], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk) => (said.out += String(chunk)));
  child.stderr.on('data', (chunk) => (said.err += String(chunk)));
  return { child, said, closed: once(child, 'close') };
}

it('a process in production starts with secrets that only Vault has, and ends as told', async () => {
  vault.kept.set('arcadia/common', { JWT_SECRET: JWT, DATABASE_URL: 'postgres://app:pw@db/arcadia' });
  const { child, said, closed } = start();
  await until(() => said.out.includes('started'), { what: 'the start' });
  child.kill('SIGTERM');
  expect(await closed).toEqual([0, null]);
  expect(said.out + said.err).not.toMatch(/hvs\.|k8Zq|pw@/);
});

it('TEN-8: without what it needs it says one sentence and ends with 1, or with 78 where starting again cannot help', async () => {
  const missing = start();
  expect(await missing.closed).toEqual([1, null]);
  expect(missing.said).toEqual({
    out: '',
    err: 'Vault has nothing for path 1 of VAULT_SECRETS (404): look at VAULT_MOUNT, the path, and whether it was deleted\n',
  });
  vault.kept.set('arcadia/common', { JWT_SECRET: 'too short', DATABASE_URL: 'postgres://app:pw@db/arcadia' });
  const unusable = start();
  expect(await unusable.closed).toEqual([78, null]);
  expect(unusable.said.err).toBe('Configuration problem: JWT_SECRET in Vault must have at least 64 bytes in production\n');
});
