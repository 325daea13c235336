import { readFileSync } from 'node:fs';

/** These steer the tests themselves. */
const FOR_TESTS = ['TEST_REDIS_URL', 'REQUIRE_REDIS', 'DO_OPENAPI', 'EMBEDDED_PG_OS_USER', 'TEST_DATABASE_URL'];

/**
 * The environment without the product's settings: a developer's own must not steer tests, and real tokens must not reach them. The names are
 * those of `.env.example`, which is tested to list every variable of ours, each also as `NAME_FILE`. No environment file is read below it.
 */
export function isolatedEnv(env: NodeJS.ProcessEnv, example = '.env.example'): NodeJS.ProcessEnv {
  const ours = [...readFileSync(example, 'utf8').matchAll(/^# ([A-Z][A-Z0-9_]*)=/gm)].map(([, name]) => name);
  const stays = (name: string) => FOR_TESTS.includes(name) || !ours.includes(name.replace(/_FILE$/, ''));
  return { ...Object.fromEntries(Object.entries(env).filter(([name]) => stays(name))), ARCADIA_ENV_FILE: '' };
}
