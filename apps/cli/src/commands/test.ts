import { HelpRequested } from '../command-line';
import { runNode } from '#libs/local-stack';
import { isolatedEnv } from '../sealed-environment';

/** Files under test at once: two cores are enough for four, because most of them wait for processes, leases and clocks. */
const AT_ONCE = 4;

const USAGE = `npm test [-- <jest arguments>] · npm run test:long [-- <jest arguments>]
  Runs the suite with jest on an embedded PostgreSQL of its own, or on TEST_DATABASE_URL (a superuser's); also on TEST_REDIS_URL or a
  redis-server or valkey-server of the PATH. REQUIRE_REDIS=1 makes the lack of one a failure. test:long: the full sizes of the fault and fuzz suites.`;

export function test(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) throw new HelpRequested(USAGE);
  const env = isolatedEnv(process.env);
  if (args.includes('--long')) env.TEST_LONG = '1';
  const jestArgs = args.filter((arg) => arg !== '--long');
  return runNode(['node_modules/jest/bin/jest.js', `--maxWorkers=${AT_ONCE}`, ...jestArgs], { ...env, NODE_ENV: 'test' });
}
