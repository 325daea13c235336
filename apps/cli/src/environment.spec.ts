import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environmentFile, isolatedEnv } from './environment';

let folder: string;

beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'arcadia-env-'))));
afterEach(() => rmSync(folder, { recursive: true }));

describe('the environment file', () => {
  it('is .env if that exists', () => {
    expect(environmentFile({}, folder)).toBeUndefined();
    writeFileSync(join(folder, '.env'), '');
    expect(environmentFile({}, folder)).toBe(join(folder, '.env'));
  });

  it('is none when ARCADIA_ENV_FILE is empty, even if .env exists', () => {
    writeFileSync(join(folder, '.env'), 'DO_API_TOKEN=dop_v1_real');
    expect(environmentFile({ ARCADIA_ENV_FILE: '' }, folder)).toBeUndefined();
  });

  it('is the file that ARCADIA_ENV_FILE names, which must exist', () => {
    expect(() => environmentFile({ ARCADIA_ENV_FILE: 'other.env' }, folder)).toThrow(join(folder, 'other.env'));
    writeFileSync(join(folder, 'other.env'), '');
    expect(environmentFile({ ARCADIA_ENV_FILE: 'other.env' }, folder)).toBe(join(folder, 'other.env'));
  });
});

describe('the isolated environment', () => {
  it('contains no setting of the product, only foreign variables and those for the tests', () => {
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

  it("replaces a developer's own ARCADIA_ENV_FILE by none", () => {
    expect(isolatedEnv({ ARCADIA_ENV_FILE: '/home/me/real.env' })).toEqual({ ARCADIA_ENV_FILE: '' });
  });
});
