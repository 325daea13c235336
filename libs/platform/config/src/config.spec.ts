import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from './config.errors';
import { loadConfig } from './config';
import { TOKEN_PURPOSES } from './variables';

const LONG = 'k8Zq1vXw3Rb7Ty5Nc9Ld2Mf4Gh6Js0PaVoWeUiBxQzKmYtRlSnDpFgHjCkEuIoAz'; // 64 bytes
const DATA_DIR = mkdtempSync(join(tmpdir(), 'arcadia-config-'));
afterAll(() => rmSync(DATA_DIR, { recursive: true, force: true }));

const base = { DATA_DIR, DATABASE_URL: 'postgresql://app:hunter2@127.0.0.1:5432/arcadia' };
const PROOF_KEY = Buffer.alloc(32, 1).toString('base64');
const production = { ...base, NODE_ENV: 'production', JWT_SECRET: LONG, PROOF_KEY };

function problemsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    loadConfig(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

describe('the defaults of the configuration', () => {
  it('are complete outside production, so that no variable is required there', () => {
    expect(loadConfig({ DATA_DIR })).toMatchObject({
      env: 'development',
      production: false,
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      http: { host: '127.0.0.1', port: 4005, corsOrigins: [], consoleOrigins: [], pageLimitMax: 200 },
      worker: { port: 4006, queues: 'all', schedules: true },
      provider: { url: 'https://api.digitalocean.com', token: undefined, ratePerMinute: 250, ratePerHour: 5000, lagMs: 60_000 },
      inventory: { strikesToDelete: 3, strikeSpacingMs: 300_000, vanishMaxRatio: 0.2, vanishMin: 5, releaseCoversMs: 345_600_000 },
      saga: { leaseMs: 6000, renewMs: 2000, reconcileMs: 1000, pollMs: 5000, reaperGraceMs: 900_000 },
      finance: { url: undefined, tenantId: 'platform-admin' },
    });
  });

  it('listen on every address in production only, unless HOST is set', () => {
    expect(loadConfig(production).http.host).toBe('0.0.0.0');
    expect(loadConfig({ ...production, HOST: '127.0.0.1' }).http.host).toBe('127.0.0.1');
  });

  it('are part of one object that is frozen at every level', () => {
    const config = loadConfig(base);
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.inventory)).toBe(true);
    expect(Object.isFrozen(config.http.corsOrigins)).toBe(true);
  });

  it.each(['', '  '])('apply to an empty variable (%j) as to an unset one', (empty) => {
    expect(loadConfig({ ...base, PORT: empty, REDIS_URL: empty, DO_API_URL: empty, DO_API_TOKEN: empty }).http.port).toBe(4005);
  });

  it('contain no database: the use of its URL throws ConfigError', () => {
    expect(() => loadConfig({ DATA_DIR }).database.url()).toThrow(new ConfigError(['DATABASE_URL is not set']));
  });
});

describe('a variable', () => {
  it.each([
    ['PORT', '80', { http: { port: 80 } }],
    ['PORT', ' 0 ', { http: { port: 0 } }],
    ['LOG_LEVEL', 'debug', { logLevel: 'debug' }],
    ['LOG_LEVEL', 'info', { logLevel: 'log' }],
    ['WORKER_QUEUES', 'all', { worker: { queues: 'all' } }],
    ['WORKER_QUEUES', 'billing, sync-fast,billing', { worker: { queues: ['billing', 'sync-fast'] } }],
    ['SCHEDULES', 'off', { worker: { schedules: false } }],
    ['CORS_ORIGINS', 'https://a.example, http://localhost:3000', { http: { corsOrigins: ['https://a.example', 'http://localhost:3000'] } }],
    ['VANISH_MAX_RATIO', '1', { inventory: { vanishMaxRatio: 1 } }],
    ['VANISH_MAX_RATIO', '0.05', { inventory: { vanishMaxRatio: 0.05 } }],
    ['ACCOUNT_CHECK_MS', '0', { provider: { accountCheckMs: 0 } }],
    ['SKYAI_FINANCE_URL', 'https://finance.example/base/', { finance: { url: 'https://finance.example/base' } }],
    ['SIMULATOR_SCALE', '0.5', { simulator: { scale: 0.5 } }],
    ['JWT_ISSUER', 'guardian', { identity: { issuer: 'guardian' } }],
  ])('is read from %s=%s', (name, text, expected) => {
    expect(loadConfig({ ...base, [name]: text })).toMatchObject(expected);
  });

  it.each([
    ['OTEL_EXPORTER_OTLP_HEADERS', 'authorization', 'must be name=value,… with percent-encoded values'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'a=1,b=100%', 'must be name=value,… with percent-encoded values'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'a=x%0d%0ab', 'must be name=value,… with percent-encoded values'],
    ['NODE_ENV', 'staging', 'must be one of development, test, production'],
    ['PORT', '65536', 'must be a whole number from 0 to 65535'],
    ['PORT', '-1', 'must be a whole number from 0 to 65535'],
    ['PORT', '4e3', 'must be a whole number from 0 to 65535'],
    ['DO_RATE_PER_MINUTE', '0', 'must be a whole number, at least 1'],
    ['STRIKE_SPACING_MS', '5m', 'must be a whole number, at least 0'],
    ['SAGA_POLL_MS', '99999999999', 'must be a whole number from 10 to 2147483647'],
    ['VANISH_MAX_RATIO', '1.1', 'must be a number from 0 to 1, such as 0.2'],
    ['VANISH_MAX_RATIO', '20%', 'must be a number from 0 to 1, such as 0.2'],
    ['LOG_LEVEL', 'loud', 'must be one of error, warn, log, debug, verbose'],
    ['SCHEDULES', 'true', 'must be one of on, off'],
    [
      'WORKER_QUEUES',
      'sync-fast,holodeck',
      'must be all or a comma list of sync-fast, sync-full, sync-slow, billing, provisioning, metering, notifications',
    ],
    [
      'WORKER_QUEUES',
      ',',
      'must be all or a comma list of sync-fast, sync-full, sync-slow, billing, provisioning, metering, notifications',
    ],
    ['CORS_ORIGINS', '*', 'must be a comma list of origins like https://app.example.com, without paths and without *'],
    ['CORS_ORIGINS', 'https://a.example/', 'must be a comma list of origins like https://app.example.com, without paths and without *'],
    ['DATABASE_URL', 'mysql://app@db/arcadia', 'must be a URL like postgresql://user:password@host:5432/database'],
    ['DATABASE_OWNER_URL', 'db', 'must be a URL like postgresql://user:password@host:5432/database'],
    ['REDIS_URL', 'http://redis', 'must be a URL like redis://user:password@host:6379'],
    ['SKYAI_FINANCE_URL', 'finance.example', 'must be a URL like https://api.example.com'],
    ['SKYAI_FINANCE_URL', 'https://me:pw@finance.example', 'must have no credentials, query or fragment'],
    ['DO_API_TOKEN', 'two words', 'must be one word of visible ASCII characters'],
    ['DO_API_TOKEN', 'line\nbreak', 'must be one word of visible ASCII characters'],
    ['SECRETS_KEY', 'short', 'must be 32 random bytes in base64; after a rotation: the new key, a comma, the old key'],
    ['SMTP_URL', 'https://mail.example.com', 'must be a URL like smtps://user:password@mail.example.com:465'],
    ['SIMULATOR_SCALE', '0', 'must be a number above 0, at most 10000'],
    ['REQUIRE_REDIS', 'yes', 'must be one of 1, 0'],
  ])('is refused when it is %s=%s', (name, text, problem) => {
    expect(problemsOf({ ...base, [name]: text })).toEqual([`${name} ${problem}`]);
  });
});

describe('the provider tokens', () => {
  it('fall back to DO_API_TOKEN for every purpose without a token of its own', () => {
    const { token } = loadConfig({ ...base, DO_API_TOKEN: 'shared', DO_API_TOKEN_BILLING: 'own' }).provider;
    expect(TOKEN_PURPOSES.map((purpose) => token?.(purpose))).toEqual(['shared', 'shared', 'shared', 'own', 'shared']);
  });

  it('are required when DO_API_URL is set', () => {
    expect(problemsOf({ ...base, DO_API_URL: 'http://127.0.0.1:4008' })).toEqual([
      'DO_API_URL is set without a token; set DO_API_TOKEN too',
    ]);
  });

  it('belong to the real provider when no URL is set', () => {
    expect(loadConfig({ ...base, DO_API_TOKEN: 'x' }).provider.url).toBe('https://api.digitalocean.com');
  });

  it('are refused when only some purposes have one', () => {
    expect(problemsOf({ ...base, DO_API_TOKEN_BILLING: 'x', DO_API_TOKEN_SYNC_FAST: 'y' })).toEqual([
      'DO_API_TOKEN is not set and these have no token of their own: sync-full, sync-slow, provisioning',
    ]);
  });

  it('of a simulated provider are refused beside a finance service that is not local', () => {
    const simulated = { ...base, DO_API_URL: 'http://127.0.0.1:4008', DO_API_TOKEN: 'x' };
    expect(problemsOf({ ...simulated, SKYAI_FINANCE_URL: 'https://finance.example' })).toHaveLength(1);
    expect(problemsOf({ ...simulated, SKYAI_FINANCE_URL: 'http://127.0.0.1:4008/finance' })).toEqual([]);
  });
});

describe('the JWT secret', () => {
  it.each([
    ['missing', undefined, 'JWT_SECRET is not set; production needs the secret shared with the issuer of user tokens'],
    ['empty', '', 'JWT_SECRET is not set; production needs the secret shared with the issuer of user tokens'],
    ['63 bytes', LONG.slice(1), 'JWT_SECRET must have at least 64 bytes in production'],
    ['one letter', 'a'.repeat(80), 'JWT_SECRET must be random in production, not a default or a template'],
    ['E5: a short word that is repeated', 'correcthorse'.repeat(6), 'JWT_SECRET must be random in production, not a default or a template'],
    [
      'E5: a word with a counter',
      [1, 2, 3, 4, 5, 6, 7, 8].map((nr) => `arcadia${nr}`).join(''),
      'JWT_SECRET must be random in production, not a default or a template',
    ],
    [
      'E5: three words that are repeated',
      'correct horse battery '.repeat(4),
      'JWT_SECRET must be random in production, not a default or a template',
    ],
    ['template', `${LONG}-change-me`, 'JWT_SECRET must be random in production, not a default or a template'],
  ])('is refused in production when it is %s [TEN-9]', (_, secret, problem) => {
    expect(problemsOf({ ...production, JWT_SECRET: secret })).toEqual([problem]);
  });

  it('is measured in bytes of UTF-8, not in letters [TEN-9]', () => {
    const letters = 'äöüßéèêñçåøæðþłžšč֐אבγδζλξπφчшщъ'.slice(0, 32);
    expect(letters).toHaveLength(32);
    expect(loadConfig({ ...production, JWT_SECRET: letters }).identity.jwtSecret()).toBe(letters);
  });

  it('is the raw text, blanks included [TEN-9]', () => {
    expect(loadConfig({ ...production, JWT_SECRET: ` ${LONG} ` }).identity.jwtSecret()).toBe(` ${LONG} `);
  });

  it('may be any text in development [TEN-9]', () => {
    expect(loadConfig({ ...base, JWT_SECRET: 'short' }).identity.jwtSecret()).toBe('short');
  });
});

describe('the problems of a configuration', () => {
  it('are all in one error, in the order of the table', () => {
    const problems = problemsOf({ DATA_DIR, NODE_ENV: 'production', PORT: 'x', DO_API_URL: 'http://do.example', DATABSE_URL: 'x' });
    expect(problems.map((problem) => problem.split(' ')[0])).toEqual([
      'DATABSE_URL',
      'PORT',
      'JWT_SECRET',
      'PROOF_KEY',
      'DATABASE_URL',
      'DO_API_URL',
      'DO_API_URL',
    ]);
  });

  it('contain no cross-check of a variable that is wrong on its own', () => {
    expect(problemsOf({ ...base, SAGA_LEASE_MS: 'x', SAGA_RENEW_MS: '9000' })).toEqual([expect.stringMatching(/^SAGA_LEASE_MS must be/)]);
    expect(problemsOf({ ...base, SAGA_RENEW_MS: '9000' })).toEqual(['SAGA_RENEW_MS must be shorter than SAGA_LEASE_MS']);
  });

  it('leave out the keys for migrations, and the proof key for workers that issue and print no documents', () => {
    expect(loadConfig({ ...production, JWT_SECRET: '', PROOF_KEY: '' }, 'migration').production).toBe(true);
    expect(problemsOf({ ...production, PROOF_KEY: '' })).toEqual([expect.stringMatching(/^PROOF_KEY is not set/)]);
    expect(problemsOf({ ...production, PROOF_KEY: '', WORKER_QUEUES: 'sync-fast,provisioning' })).toEqual([]);
    expect(problemsOf({ ...production, JWT_SECRET: '' })).toEqual([expect.stringMatching(/^JWT_SECRET is not set/)]);
  });

  it('leave out the addresses that Kubernetes sets for services with our names', () => {
    expect(loadConfig({ ...base, WORKER_PORT: 'tcp://10.0.0.7:4006' }).worker.port).toBe(4006);
    expect(problemsOf({ ...base, WORKER_PORT: 'ten' })).toHaveLength(1);
  });

  it('include the finance audience for user tokens [TEN-1]', () => {
    expect(problemsOf({ ...base, JWT_AUDIENCE: 'skyai-finance' })).toHaveLength(1);
  });

  it.each([
    ['SKYAI_FINANCE_URL', {}, 'http://finance.example', 'SKYAI_FINANCE_URL must be https in production: finance gets an admin token'],
    [
      'OTEL_EXPORTER_OTLP_ENDPOINT',
      { OTEL_EXPORTER_OTLP_HEADERS: 'authorization=x' },
      'http://traces.example',
      'OTEL_EXPORTER_OTLP_ENDPOINT must be https in production when OTEL_EXPORTER_OTLP_HEADERS is set: the headers may contain a token',
    ],
    [
      'DO_API_URL',
      { DO_API_TOKEN: 'x' },
      'https://169.254.169.254',
      'DO_API_URL must not be a link-local address: the metadata service of the machine is there',
    ],
    [
      'SKYAI_FINANCE_URL',
      {},
      'https://2852039166',
      'SKYAI_FINANCE_URL must not be a link-local address: the metadata service of the machine is there',
    ],
    [
      'SKYAI_FINANCE_URL',
      {},
      'https://[::ffff:169.254.169.254]',
      'SKYAI_FINANCE_URL must not be a link-local address: the metadata service of the machine is there',
    ],
    [
      'OTEL_EXPORTER_OTLP_ENDPOINT',
      {},
      'https://[fe80::1]',
      'OTEL_EXPORTER_OTLP_ENDPOINT must not be a link-local address: the metadata service of the machine is there',
    ],
  ])('include, as E5 says, %s with %j at %s in production [TEN-9]', (name, others, url, problem) => {
    expect(problemsOf({ ...production, ...others, [name]: url })).toEqual([problem]);
    expect(problemsOf({ ...base, DO_API_TOKEN: 'x', ...others, [name]: url })).toEqual([]);
  });

  it('include a token over plain http in production', () => {
    expect(problemsOf({ ...production, DO_API_URL: 'http://do.example', DO_API_TOKEN: 'x' })).toEqual([
      'DO_API_URL must be https in production: it carries a token',
    ]);
  });

  it('never quote a value, not even that of a setting [TEN-8]', () => {
    const secret = 'dop v1 0123456789abcdef';
    const every = [
      'NODE_ENV',
      'PORT',
      'LOG_LEVEL',
      'DATABASE_URL',
      'REDIS_URL',
      'DO_API_URL',
      'DO_API_TOKEN',
      'WORKER_QUEUES',
      'SAGA_LEASE',
    ];
    const text = problemsOf({ ...base, ...Object.fromEntries(every.map((name) => [name, secret])) }).join('\n');
    expect(text.split('\n')).toHaveLength(every.length);
    expect(text).not.toMatch(/dop|v1 0|01234/);
  });
});

it('prints no secret with a configuration [TEN-8]', () => {
  const config = loadConfig({ ...production, DO_API_TOKEN: 'dop_v1_abc', REDIS_URL: 'redis://:hunter3@localhost' });
  expect(`${JSON.stringify(config)}${String(config.identity.jwtSecret)}`).not.toMatch(/hunter|dop_v1_abc|k8Zq/);
});
