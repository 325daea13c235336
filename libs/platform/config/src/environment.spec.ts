import { misspeltNames } from './environment';

describe('the misspelling hint', () => {
  it.each([
    ['DATABSE_URL', 'DATABASE_URL'],
    ['DATABASE_ULR', 'DATABASE_URL'],
    ['DATABASE_URL_FLIE', 'DATABASE_URL_FILE'],
    ['JWT_SECERT', 'JWT_SECRET'],
    ['JWT_LEEWAY', 'JWT_LEEWAY_S'],
    ['SAGA_LEASE', 'SAGA_LEASE_MS'],
    ['SAGA_RENEWAL_MS', 'SAGA_RENEW_MS'],
    ['SCHEDULE', 'SCHEDULES'],
    ['WORKER_QUEUE', 'WORKER_QUEUES'],
    ['DO_API_TOKEN_SYNCFAST', 'DO_API_TOKEN_SYNC_FAST'],
    ['DO_RATE_MINUTE', 'DO_RATE_PER_MINUTE'],
    ['DO_CALL_TIMEOUT', 'DO_CALL_TIMEOUT_MS'],
    ['SKYAI_FINANCE', 'SKYAI_FINANCE_URL'],
    ['VANISH_RATIO', 'VANISH_MAX_RATIO'],
    ['STRIKES_SPACING_MS', 'STRIKE_SPACING_MS'],
    ['VAULT_SECRET', 'VAULT_SECRETS'],
    ['VAULT_REFRESH', 'VAULT_REFRESH_MS'],
  ])('for %s suggests %s', (name, meant) => {
    expect(misspeltNames({ [name]: 'x' })).toEqual([`${name} is not a variable of ours; did you mean ${meant}?`]);
  });

  it.each([
    'HOME',
    'HOSTNAME',
    'HOSTS',
    'PORTS',
    'PATH',
    'PGHOST',
    'PGPORT',
    'DO_NOT_TRACK',
    'DATABASE_USER',
    'DATABASE_NAME',
    'DATABASE_HOST',
    'DATABASE_PASSWORD',
    'JWT_ALGORITHM',
    'JWT_EXPIRES_IN',
    'TEST_DATABASE_URL',
    'NODE_OPTIONS',
    'NODE_PATH',
    'npm_config_cache',
    'DIGITALOCEAN_ACCESS_TOKEN',
    'REDIS_HOST',
    'WORKER_ID',
    'LOG_FORMAT',
    'REDIS',
    'VAULT_CACERT',
    'VAULT_CAPATH',
    'VAULT_SKIP_VERIFY',
    'VAULT_CLIENT_TIMEOUT',
    'VAULT_FORMAT',
    'VAULT_PORT',
    'DATABASE',
    'SIMULATOR_SERVICE_HOST',
    'SIMULATOR_SERVICE_PORT_HTTP',
    'SIMULATOR_PORT_4008_TCP',
    'SIMULATOR_PORT_4008_TCP_ADDR',
    'WORKER_PORT_4006_TCP_PROTO',
  ])('ignores the foreign variable %s', (name) => {
    expect(misspeltNames({ [name]: 'x' })).toEqual([]);
  });
});
