import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from './config';
import { ConfigError } from './config.errors';
import { DEVELOPMENT_JWT_SECRET, developmentSecret, ed25519PrivateKey } from './secrets';

const LONG = 'k8Zq1vXw3Rb7Ty5Nc9Ld2Mf4Gh6Js0PaVoWeUiBxQzKmYtRlSnDpFgHjCkEuIoAz';
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'arcadia-secret-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const file = (name: string, text: string): string => {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
};

describe('a secret from a file', () => {
  it.each([
    ['unchanged', 'a b ', 'a b '],
    ['without one line break at the end', 'abc\n', 'abc'],
    ['without one Windows line break at the end', 'abc\r\n', 'abc'],
    ['with a second line break, which belongs to the secret', 'abc\n\n', 'abc\n'],
  ])('is read %s', (_, text, value) => {
    expect(loadConfig({ DATA_DIR: dir, JWT_SECRET_FILE: file('jwt', text) }).identity.jwtSecret()).toBe(value);
  });

  it('is read again when the file changes', () => {
    const path = file('token', 'old');
    const { token } = loadConfig({ DATA_DIR: dir, DO_API_TOKEN_FILE: path }).provider;
    expect(token?.('billing')).toBe('old');
    writeFileSync(path, 'new');
    expect(token?.('billing')).toBe('new');
  });

  it('follows a link that is changed to another file', () => {
    symlinkSync(file('first', 'one'), join(dir, 'token'));
    const { token } = loadConfig({ DATA_DIR: dir, DO_API_TOKEN_FILE: join(dir, 'token') }).provider;
    expect(token?.('billing')).toBe('one');
    symlinkSync(file('second', 'two'), join(dir, 'next'));
    renameSync(join(dir, 'next'), join(dir, 'token'));
    expect(token?.('billing')).toBe('two');
  });

  it('keeps its last good value while the file is missing, empty or refused', () => {
    const path = file('jwt', LONG);
    const secret = loadConfig({
      DATA_DIR: dir,
      NODE_ENV: 'production',
      DATABASE_URL: 'postgres://h/d',
      JWT_SECRET_FILE: path,
      WORKER_QUEUES: 'sync-fast',
    }).identity.jwtSecret;
    for (const text of ['', 'too short']) {
      writeFileSync(path, text);
      expect(secret()).toBe(LONG);
    }
    rmSync(path);
    expect(secret()).toBe(LONG);
    writeFileSync(path, `${LONG}x`);
    expect(secret()).toBe(`${LONG}x`);
  });

  it.each([
    ['missing', undefined, 'cannot be read (ENOENT)'],
    ['empty', '\n', 'must not be empty'],
    ['not a token', 'two words', 'must be one word of visible ASCII characters'],
  ])('is a problem at boot when the file is %s', (_, text, problem) => {
    const path = text === undefined ? join(dir, 'none') : file('token', text);
    expect(() => loadConfig({ DATA_DIR: dir, DO_API_TOKEN_FILE: path })).toThrow(
      new ConfigError([`DO_API_TOKEN in DO_API_TOKEN_FILE ${problem}`]),
    );
  });

  it('is a problem when the variable is set as well', () => {
    expect(() => loadConfig({ DATA_DIR: dir, DO_API_TOKEN: 'x', DO_API_TOKEN_FILE: file('token', 'y') })).toThrow(
      new ConfigError(['DO_API_TOKEN and DO_API_TOKEN_FILE are both set; use one']),
    );
  });
});

describe('the development secret', () => {
  it('is created once, long enough, readable for the owner only [TEN-9]', () => {
    const data = join(dir, 'data');
    const first = loadConfig({ DATA_DIR: data }).identity.jwtSecret();
    expect(Buffer.byteLength(first)).toBeGreaterThanOrEqual(64);
    expect(statSync(join(data, 'jwt-secret')).mode & 0o777).toBe(0o600);
    expect(loadConfig({ DATA_DIR: data }).identity.jwtSecret()).toBe(first);
    expect(readFileSync(join(data, 'jwt-secret'), 'utf8').trim()).toBe(first);
  });

  it('is never created in production [TEN-9]', () => {
    file('jwt-secret', LONG);
    expect(() => loadConfig({ DATA_DIR: dir, NODE_ENV: 'production', DATABASE_URL: 'postgres://h/d' })).toThrow(ConfigError);
  });

  it('is the one in the existing file when another process created it first [TEN-9]', () => {
    file('jwt-secret', 'theirs');
    expect(developmentSecret(dir, DEVELOPMENT_JWT_SECRET)()).toBe('theirs');
  });

  it('that signs documents is created at its first use, and in production only given ones count [TEN-9]', () => {
    const { proofKey } = loadConfig({ DATA_DIR: dir }).billing;
    expect(existsSync(join(dir, 'proof-key'))).toBe(false);
    expect(ed25519PrivateKey(proofKey()).asymmetricKeyType).toBe('ed25519');
    expect(loadConfig({ DATA_DIR: dir }).billing.proofKey()).toBe(proofKey());
    const { privateKey } = generateKeyPairSync('ed25519');
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const der = privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64');
    for (const text of [pem, der])
      expect(ed25519PrivateKey(loadConfig({ PROOF_KEY_FILE: file('pem', text) }).billing.proofKey()).equals(privateKey)).toBe(true);
    const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    for (const text of ['short', rsa])
      expect(() => loadConfig({ PROOF_KEY: text })).toThrow('PROOF_KEY must be an Ed25519 private key, as PEM or base64');
  });

  it('is a problem when it can be neither read nor created [TEN-9]', () => {
    const blocked = file('blocked', 'a file where the directory should be');
    expect(() => loadConfig({ DATA_DIR: blocked })).toThrow(
      new ConfigError(['JWT_SECRET is not set and jwt-secret in DATA_DIR cannot be read (ENOTDIR)']),
    );
  });
});
