import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { LaunchError } from '#libs/local-stack';

/** These variables configure the tests themselves. */
const FOR_TESTS = ['TEST_REDIS_URL', 'REQUIRE_REDIS', 'REQUIRE_BROWSER', 'DO_OPENAPI', 'EMBEDDED_PG_OS_USER', 'TEST_DATABASE_URL'];

/**
 * The file with settings beside the environment: `ARCADIA_ENV_FILE`, by default `.env` if it exists. Undefined: none. An empty
 * `ARCADIA_ENV_FILE` asks for none, so that a process started for a test reads none of the developer's own settings.
 * Throws LaunchError `launch_configuration_invalid` when the named file does not exist.
 */
export function environmentFile(env: NodeJS.ProcessEnv, folder: string): string | undefined {
  const named = env.ARCADIA_ENV_FILE?.trim();
  const file = resolve(folder, named ?? '.env');
  if (named === '') return undefined;
  if (existsSync(file)) return file;
  if (named === undefined) return undefined;
  throw new LaunchError('launch_configuration_invalid', `ARCADIA_ENV_FILE ${file} does not exist: name an existing file, or unset it`);
}

/**
 * The environment without the product's settings: a developer's own must not influence tests, and real tokens must not reach them. The
 * names are those of `.env.example`, which a test compares with the variables of the product, each also as `NAME_FILE`. Processes that
 * are started with this environment read no environment file.
 */
export function isolatedEnv(env: NodeJS.ProcessEnv, example = '.env.example'): NodeJS.ProcessEnv {
  const ours = [...readFileSync(example, 'utf8').matchAll(/^# ([A-Z][A-Z0-9_]*)=/gm)].map(([, name]) => name);
  const stays = (name: string) => FOR_TESTS.includes(name) || !ours.includes(name.replace(/_FILE$/, ''));
  return { ...Object.fromEntries(Object.entries(env).filter(([name]) => stays(name))), ARCADIA_ENV_FILE: '' };
}
