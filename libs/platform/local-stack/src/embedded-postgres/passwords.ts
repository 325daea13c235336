import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres.error';

/** Generated once per cluster. `owner` is the superuser that migrates; `app` is what api and worker log in with. */
export interface Passwords {
  readonly owner: string;
  readonly app: string;
}

/** `<homeDir>/postgres-passwords.json`, readable by us alone: the server's account never needs it. */
export function passwordFile(homeDir: string): string {
  return join(homeDir, 'postgres-passwords.json');
}

/** Undefined when none were made yet. */
export function readPasswords(homeDir: string): Passwords | undefined {
  const file = passwordFile(homeDir);
  try {
    const { owner, app } = JSON.parse(readFileSync(file, 'utf8')) as Partial<Passwords>;
    if (typeof owner === 'string' && typeof app === 'string') return { owner, app };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    if ((error as NodeJS.ErrnoException).code === 'EACCES') throw unreadable(file, 'belongs to another account');
  }
  throw unreadable(file, 'is damaged');
}

/** On disk before the cluster that uses them exists: a crash between the two loses nothing. */
export function makePasswords(homeDir: string): Passwords {
  const passwords = { owner: randomBytes(24).toString('hex'), app: randomBytes(24).toString('hex') };
  const file = passwordFile(homeDir);
  const fresh = `${file}.${process.pid}`;
  const handle = openSync(fresh, 'w', 0o600);
  writeSync(handle, JSON.stringify(passwords));
  fsyncSync(handle);
  closeSync(handle);
  renameSync(fresh, file);
  return passwords;
}

function unreadable(file: string, why: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'embedded_postgres_data_unusable',
    `The password file ${file} ${why}: restore it, or move its folder away to begin with an empty database`,
  );
}
