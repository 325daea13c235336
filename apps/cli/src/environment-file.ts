import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { LaunchError } from '#libs/local-stack';

/**
 * The file whose settings are read besides the environment: `ARCADIA_ENV_FILE`, by default `.env` where there is one. Undefined: none, which an
 * empty `ARCADIA_ENV_FILE` asks for, so that whoever starts us for a test gets nothing of the developer's own.
 * Throws LaunchError `launch_configuration_invalid` when the named file does not exist.
 */
export function environmentFile(env: NodeJS.ProcessEnv, folder: string): string | undefined {
  const named = env.ARCADIA_ENV_FILE?.trim();
  const file = resolve(folder, named ?? '.env');
  if (named === '') return undefined;
  if (existsSync(file)) return file;
  if (named === undefined) return undefined;
  throw new LaunchError('launch_configuration_invalid', `ARCADIA_ENV_FILE ${file} does not exist: name a file that does, or unset it`);
}
