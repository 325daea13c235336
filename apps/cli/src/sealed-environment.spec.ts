import { isolatedEnv } from './sealed-environment';

it('keeps every setting of the product from the tests, and what is meant for them', () => {
  const real = {
    DO_API_TOKEN: 'a',
    DO_API_TOKEN_BILLING_FILE: 'b',
    DATABASE_URL: 'c',
    JWT_SECRET_FILE: 'd',
    QUEUE_PREFIX: 'e',
    NODE_ENV: 'production',
  };
  const meant = { TEST_DATABASE_URL: 'a', TEST_REDIS_URL: 'b', REQUIRE_REDIS: '1', DO_OPENAPI: 'c', EMBEDDED_PG_OS_USER: 'd' };
  const foreign = { PATH: '/bin', HOME: '/home/me', CI: '1' };
  expect(isolatedEnv({ ...real, ...meant, ...foreign })).toEqual({ ...meant, ...foreign, ARCADIA_ENV_FILE: '' });
});

it('lets a developer name no environment file of their own', () => {
  expect(isolatedEnv({ ARCADIA_ENV_FILE: '/home/me/real.env' })).toEqual({ ARCADIA_ENV_FILE: '' });
});
