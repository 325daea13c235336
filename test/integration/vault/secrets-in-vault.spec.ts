import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config, ConfigError, loadConfig, openConfig, VaultError, VaultSecrets, vaultSettings } from '#libs/config';
import { metricsText } from '#libs/observability';
import { VaultRefresh } from '#libs/runtime';
import { Logger } from '@nestjs/common';
import { vaultRefreshLagS } from '../../../libs/platform/runtime/src/vault-refresh';
import { until } from '../../support/until';
import { KvServer } from '../../support/vault-server';

const VAULT_TOKEN = 'hvs.of-the-agent';
const FIRST = 'dop_v1_first';
const SECOND = 'dop_v1_second';
const JWT = 'k8Zq1vXw3Rb7Ty5Nc9Ld2Mf4Gh6Js0PaVoWeUiBxQzKmYtRlSnDpFgHjCkEuIoAz';
const NEW_JWT = JWT.split('').reverse().join('');
const ALL = [VAULT_TOKEN, FIRST, SECOND, JWT, NEW_JWT, 'hvs.login', 'service-account-jwt'];

let vault: KvServer;
let folder: string;
let refresh: VaultRefresh | undefined;
const lines: string[] = [];
const events = (name: string) => lines.filter((line) => line.includes(`"${name}"`));

beforeEach(async () => {
  vault = await KvServer.start();
  vault.tokens.add(VAULT_TOKEN);
  vault.kept.set('arcadia/common', { JWT_SECRET: JWT, DATABASE_URL: 'postgres://app:pw@db/arcadia', foreign_field: 7 });
  vault.kept.set('arcadia/provider', { DO_API_TOKEN: FIRST });
  folder = mkdtempSync(join(tmpdir(), 'arcadia-vault-'));
  lines.length = 0;
  const keep = (message: unknown, ...more: unknown[]) => void lines.push(JSON.stringify([message, ...more]));
  Logger.overrideLogger({ log: keep, error: keep, warn: keep });
});
afterEach(async () => {
  await refresh?.stop();
  const leaks = lines.filter((line) => ALL.some((secret) => line.includes(secret)));
  if (leaks.length > 0) throw new Error(`TEN-8: a secret is in the log: ${leaks.join('\n')}`); // This check runs after every test.
  const written = readdirSync(folder).filter((name) => name !== 'token');
  if (written.length > 0) throw new Error(`TEN-8: something was written: ${written.join(', ')}`);
  Logger.overrideLogger(false);
  await vault.stop();
  rmSync(folder, { recursive: true, force: true });
});

const settings = () => ({
  DATA_DIR: folder,
  VAULT_ADDR: vault.url,
  VAULT_SECRETS: 'arcadia/common,arcadia/provider',
  VAULT_REFRESH_MS: '100',
  VAULT_TIMEOUT_MS: '2000',
});
const failure = (more: NodeJS.ProcessEnv = { VAULT_TOKEN }) => openConfig({ ...settings(), ...more }).catch((thrown: unknown) => thrown);
/** Like `openConfig`, but the refresh is stopped after the test. */
async function open(more: NodeJS.ProcessEnv = { VAULT_TOKEN }): Promise<Config> {
  const env = { ...settings(), ...more };
  const found = vaultSettings(env);
  if (!found) throw new Error('The settings of this test do not ask for Vault');
  const secrets = await VaultSecrets.open(found);
  refresh = VaultRefresh.start(secrets);
  return loadConfig(env, 'service', secrets.secrets);
}
const tokenOf = (config: Config) => config.provider.token?.('sync-fast');
/** Waits until two more refreshes have started, so that one whole refresh has ended. */
const anotherRefresh = async () => {
  const before = vault.count('arcadia/common');
  await until(() => vault.count('arcadia/common') >= before + 2, { what: 'another refresh' });
};

it('reads the secrets of every path once and ignores foreign fields', async () => {
  const config = await open();
  expect(tokenOf(config)).toBe(FIRST);
  expect(config.identity.jwtSecret()).toBe(JWT);
  expect(config.database.url()).toBe('postgres://app:pw@db/arcadia');
  expect(JSON.stringify(config)).not.toMatch(/dop_v1|k8Zq|pw@/);
});

it('reports how long Vault could not be read', async () => {
  const atRest: (number | undefined)[] = [];
  await open();
  atRest.push(vaultRefreshLagS());
  await vault.stop();
  await until(() => (vaultRefreshLagS() ?? 0) > 0, { what: 'the metric' });
  expect(await metricsText()).toMatch(/^arcadia_vault_refresh_lag_seconds 0\.\d+/m);
  const early = vaultRefreshLagS() ?? 0;
  await until(() => (vaultRefreshLagS() ?? 0) > early + 0.2, { what: 'a longer time' });
  await vault.return();
  await until(() => vaultRefreshLagS() === 0, { what: 'the recovery' });
  await refresh?.stop();
  atRest.push(vaultRefreshLagS());
  expect(atRest).toEqual([0, undefined]);
});

it('uses a rotated secret without a restart, and logs its name', async () => {
  const config = await open();
  vault.kept.set('arcadia/provider', { DO_API_TOKEN: SECOND });
  await until(() => tokenOf(config) === SECOND, { what: 'the new token' });
  vault.kept.set('arcadia/common', { ...vault.kept.get('arcadia/common'), JWT_SECRET: NEW_JWT });
  await until(() => config.identity.jwtSecret() === NEW_JWT, { what: 'the new secret' });
  expect(events('secrets_rotated')).toHaveLength(2);
  expect(events('secrets_rotated')[0]).toContain('DO_API_TOKEN');
});

it('keeps the last good values during an outage of Vault, logs it once, and recovers by itself', async () => {
  const config = await open();
  await vault.stop();
  await until(() => events('vault_refresh_failed').length > 0, { what: 'the warning' });
  expect([tokenOf(config), config.identity.jwtSecret()]).toEqual([FIRST, JWT]);
  expect(events('vault_refresh_failed')[0]).toContain('ECONNREFUSED');
  vault.kept.set('arcadia/provider', { DO_API_TOKEN: SECOND });
  await vault.return();
  await until(() => tokenOf(config) === SECOND, { what: 'the token set during the outage' });
  await until(() => events('vault_refresh_recovered').length === 1, { what: 'the recovery' });
  expect(events('vault_refresh_failed')).toHaveLength(1);
});

it.each([
  ['is deleted', () => vault.kept.delete('arcadia/provider'), '(404)'],
  ['loses the field', () => vault.kept.set('arcadia/provider', {}), 'DO_API_TOKEN is no longer in Vault'],
  ['has an empty field', () => vault.kept.set('arcadia/provider', { DO_API_TOKEN: '' }), 'must be text that is not empty'],
  ['contains text that is no token', () => vault.kept.set('arcadia/provider', { DO_API_TOKEN: 'two words' }), 'must be one word'],
  ['may no longer be read', () => vault.tokens.clear(), '(403)'],
  ['returns HTML', () => (vault.script = (_, response) => Boolean(response.end('<html>Sign in</html>'))), "not Vault's JSON"],
  ['returns an endless response', () => (vault.script = (_, response) => response.write('{"data":') || true), 'within 2000 ms'],
  ['returns too much data', () => (vault.script = (_, response) => Boolean(response.end('x'.repeat(2_000_000)))), '1048576 bytes'],
  ['is sealed', () => (vault.script = (_, response) => Boolean(response.writeHead(503).end('{}'))), '(503)'],
])('keeps the last good value when the path %s', async (_, spoil, reason) => {
  const config = await open();
  spoil();
  await until(() => events('vault_refresh_failed').length > 0, { what: 'the warning' });
  expect(events('vault_refresh_failed')[0]).toContain(reason);
  await anotherRefresh();
  expect(tokenOf(config)).toBe(FIRST);
});

it('uses all paths of a refresh or none, never half of a rotation', async () => {
  const config = await open();
  vault.script = ({ path }, response) => path.endsWith('provider') && Boolean(response.writeHead(500).end());
  vault.kept.set('arcadia/common', { ...vault.kept.get('arcadia/common'), JWT_SECRET: NEW_JWT });
  await anotherRefresh();
  expect(config.identity.jwtSecret()).toBe(JWT);
});

it('follows no redirect, so that its token reaches no other host [TEN-8]', async () => {
  const elsewhere = await KvServer.start();
  elsewhere.tokens.add(VAULT_TOKEN);
  vault.script = ({ path }, response) => Boolean(response.writeHead(307, { location: `${elsewhere.url}${path}` }).end());
  expect(String(await failure())).toMatch(/elsewhere \(307\), which is not followed/);
  expect(elsewhere.asked).toEqual([]);
  await elsewhere.stop();
});

describe('with the role of a service account', () => {
  const role = { VAULT_ROLE: 'arcadia-worker' };
  const withRole = () => ({ ...role, VAULT_KUBERNETES_TOKEN_PATH: join(folder, 'token') });
  beforeEach(() => {
    vault.roles.set('arcadia-worker', 'service-account-jwt');
    writeFileSync(join(folder, 'token'), 'service-account-jwt\n');
  });

  it('logs in once, and again only when its token expires or is refused', async () => {
    const config = await open(withRole());
    expect(tokenOf(config)).toBe(FIRST);
    await anotherRefresh();
    expect(vault.count('/login')).toBe(1);
    vault.tokens.clear(); // The server now refuses the token, as after a revocation.
    vault.kept.set('arcadia/provider', { DO_API_TOKEN: SECOND });
    await until(() => tokenOf(config) === SECOND, { what: 'a second login' });
    expect(vault.count('/login')).toBe(2);
    expect(events('vault_refresh_failed')).toEqual([]);
  });

  it('logs in again before its token expires', async () => {
    vault.leaseS = 0.1;
    await open(withRole());
    await until(() => vault.count('/login') >= 3, { what: 'more logins' });
    expect(events('vault_refresh_failed')).toEqual([]);
  });

  it.each([
    ['that the role does not accept', () => vault.roles.clear(), 'Vault refuses the login with VAULT_ROLE (403)'],
    ['that does not exist', () => rmSync(join(folder, 'token')), 'VAULT_KUBERNETES_TOKEN_PATH cannot be read (ENOENT)'],
  ])('does not start with a token %s', async (_, spoil, sentence) => {
    spoil();
    expect(String(await failure(withRole()))).toContain(sentence);
  });
});

describe('a start without usable secrets', () => {
  it.each([
    ['a path that does not exist', () => vault.kept.delete('arcadia/provider'), 'nothing for path 2 of VAULT_SECRETS (404)'],
    ['a token without permission', () => vault.tokens.clear(), 'Vault refuses path 1 of VAULT_SECRETS (403)'],
    [
      'an HTML page as the response',
      () => (vault.script = (_, response) => Boolean(response.end('<html>'))),
      "something that is not Vault's JSON",
    ],
    [
      'a response of another shape',
      () => (vault.script = (_, response) => Boolean(response.end('{"data":{"JWT_SECRET":"x"}}'))),
      'is not a KV v2 secret',
    ],
    ['one secret in two paths', () => vault.kept.set('arcadia/provider', { JWT_SECRET: NEW_JWT }), 'keep each secret once'],
  ])('fails with one sentence for %s', async (_, spoil, sentence) => {
    spoil();
    const error = await failure();
    expect(error).toBeInstanceOf(VaultError);
    expect((error as Error).message).toContain(sentence);
    expect((error as Error).message.split('\n')).toHaveLength(1);
  });

  it.each([
    ['a misspelt field', { DO_API_TOEKN: FIRST }, {}, 'In Vault DO_API_TOEKN is not a variable of ours; did you mean DO_API_TOKEN?'],
    [
      'a setting that is no secret',
      { PORT: '4005' },
      {},
      'PORT is kept in Vault, but only secrets are read there; set it in the environment',
    ],
    ['a secret that is a number', { DO_API_TOKEN: 7 }, {}, 'DO_API_TOKEN in Vault must be text that is not empty'],
    [
      'a secret in two places',
      { DO_API_TOKEN: FIRST },
      { DO_API_TOKEN: SECOND },
      'DO_API_TOKEN is set in the environment and kept in Vault; use one',
    ],
    ['no login method', {}, { VAULT_TOKEN: '' }, 'VAULT_SECRETS is set without VAULT_ROLE or VAULT_TOKEN'],
    ['two login methods', {}, { VAULT_ROLE: 'x' }, 'VAULT_ROLE and VAULT_TOKEN are both set; use one'],
    ['no address', {}, { VAULT_ADDR: '' }, 'VAULT_SECRETS is set without VAULT_ADDR'],
    ['no paths', {}, { VAULT_SECRETS: '', VAULT_ROLE: 'x' }, 'VAULT_ROLE is set without VAULT_SECRETS; set the paths of the secrets too'],
    ['a path that leaves its folder', {}, { VAULT_SECRETS: '../sys' }, expect.stringMatching(/^VAULT_SECRETS must be a path like/)],
    [
      'plain http in production',
      {},
      { NODE_ENV: 'production', VAULT_ADDR: 'http://vault:8200' },
      'VAULT_ADDR must be https in production: it carries secrets',
    ],
  ])('reports the problem for %s', async (_, kept, env, problem) => {
    vault.kept.set('arcadia/provider', kept);
    const error = await failure({ VAULT_TOKEN, ...env });
    expect(error).toEqual(expect.any(ConfigError));
    expect((error as ConfigError).problems).toContainEqual(problem);
  });
});
