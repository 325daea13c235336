import { spawnSync } from 'node:child_process';
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres.error';

/** Numeric user and group that own the data directory and run the server. */
export interface OsAccount {
  readonly uid: number;
  readonly gid: number;
}

/**
 * The account to switch to, or undefined when we are an ordinary user and stay who we are. PostgreSQL refuses to run as root, so root
 * takes the first of `$EMBEDDED_PG_OS_USER`, `postgres` and `nobody` that this machine knows.
 */
export function serverAccount(wished: string | undefined = process.env.EMBEDDED_PG_OS_USER): OsAccount | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const candidates = wished ? [wished] : ['postgres', 'nobody'];
  for (const name of candidates) {
    const account = accountNamed(name);
    if (account) return account;
  }
  throw new EmbeddedPostgresError(
    'embedded_postgres_unsupported',
    `PostgreSQL does not run as root and there is no account ${candidates.join(' or ')}: set EMBEDDED_PG_OS_USER to an unprivileged account, or DATABASE_URL to a server of your own`,
  );
}

/** Undefined when this machine knows no such account, or it is root's. Small images lack the program `id`; accounts of a directory service are in no file. */
export function accountNamed(name: string): OsAccount | undefined {
  const [uid, gid] = passwdIds(name) ?? [numericId('-u', name), numericId('-g', name)];
  return uid === undefined || gid === undefined || uid === 0 ? undefined : { uid, gid };
}

/** Lines of passwd(5): name, password, user id, group id, and what does not matter here. */
function passwdIds(name: string): [number, number] | undefined {
  let lines: string[];
  try {
    lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  } catch {
    return undefined;
  }
  const [, , uid, gid] = lines.find((line) => line.startsWith(`${name}:`))?.split(':') ?? [];
  return uid && gid ? [Number(uid), Number(gid)] : undefined;
}

function numericId(flag: '-u' | '-g', name: string): number | undefined {
  const answer = spawnSync('id', [flag, '--', name], { encoding: 'utf8' });
  return answer.status === 0 ? Number(answer.stdout) : undefined;
}

/** Whether the account may enter (for a program: run) `path` and every folder on the way to it, by their mode bits. */
export function reachableBy(account: OsAccount, path: string): boolean {
  for (let part = realpathSync(path); ; part = dirname(part)) {
    if (!mayEnter(account, part)) return false;
    if (part === dirname(part)) return true;
  }
}

function mayEnter(account: OsAccount, path: string): boolean {
  const { mode, uid, gid } = statSync(path);
  const granted = uid === account.uid ? mode >> 6 : gid === account.gid ? mode >> 3 : mode;
  return (granted & 0o1) === 0o1;
}
