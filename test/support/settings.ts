import { loadConfig, type Config } from '#libs/config';

/** Signs the tokens of all tests. HS512 needs at least 64 bytes. */
export const JWT_SECRET = 'a-secret-of-tests-that-is-long-enough-for-hs512-and-is-used-nowhere-else';

/** Signs the documents of all tests. */
export const PROOF_KEY = Buffer.alloc(32, 7).toString('base64');

/** The address of a database that cannot be reached. */
export const NO_DATABASE = 'postgres://nobody@127.0.0.1:1/nothing';

/** Lets a test call the provider as often as it likes. */
export const UNLIMITED_CALLS = { DO_RATE_PER_MINUTE: '1000000', DO_RATE_PER_HOUR: '1000000', DO_ROUTE_RATE_PERCENT: '1000000' };

/** The configuration of a process in a test. The given settings win. */
export function testConfig(env: NodeJS.ProcessEnv = {}): Config {
  return loadConfig({ NODE_ENV: 'test', LOG_LEVEL: 'error', JWT_SECRET, PROOF_KEY, COSTS_FRESH_MS: '0', ...env });
}
