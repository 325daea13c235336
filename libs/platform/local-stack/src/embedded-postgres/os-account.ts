import { spawnSync } from 'node:child_process';
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { EmbeddedPostgresError } from '../local-stack.errors';

/** Numeric user and group that own the data directory and run the server. */
export interface OsAccount {
  readonly uid: number;
  readonly gid: number;
}

/**
 * The account to switch to. Undefined when we are an ordinary user: the server then runs as that user. PostgreSQL refuses to run as root,
 * so root uses the first of `$EMBEDDED_PG_OS_USER`, `postgres` and `nobody` that this machine knows.
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

/** Undefined for an unknown account and for root's. Small images lack the program `id`; accounts of a directory service are in no file. */
export function accountNamed(name: string): OsAccount | undefined {
  const [uid, gid] = passwdIds(name) ?? [numericId('-u', name), numericId('-g', name)];
  return uid === undefined || gid === undefined || uid === 0 ? undefined : { uid, gid };
}

/** Lines of passwd(5) begin with name, password, user id and group id. */
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
  const { status, stdout } = spawnSync('id', [flag, '--', name], { encoding: 'utf8' });
  return status === 0 ? Number(stdout) : undefined;
}

/** Whether the account may enter (for a program: run) `path` and every folder above it, by their mode bits. */
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

/** Creates a folder and its missing parents with modes that let every account enter them, whatever the umask. The server's account must. */
export function makeEnterable(folder: string): void {
  const first = mkdirSync(folder, { recursive: true });
  if (first === undefined) return;
  for (let made = folder; ; made = dirname(made)) {
    chmodSync(made, 0o755);
    if (made === first || made === dirname(made)) return;
  }
}

/**
 * The folder of the cluster of `homeDir`: `homeDir/postgres`, which may be a link. The server's account cannot reach a folder below a
 * closed one (root's home, mostly), so the link then leads to a folder of its own outside. That folder survives restarts too.
 */
export function clusterFolder(homeDir: string, account: OsAccount | undefined): string {
  makeEnterable(homeDir);
  const wished = join(realpathSync(homeDir), 'postgres');
  const known = lstatSync(wished, { throwIfNoEntry: false });
  if (known?.isSymbolicLink()) return realpathSync(wished);
  if (known || !account) return wished;
  makeTraversable(homeDir);
  if (reachableBy(account, homeDir)) return wished;
  const outside = join(mkdtempSync(join(outsideFolder(), 'cluster-')), 'postgres');
  chmodSync(dirname(outside), 0o755);
  mkdirSync(outside, { mode: 0o700 });
  symlinkSync(outside, wished);
  return realpathSync(wished);
}

/** Lets every account pass through a folder of ours without listing it. Secret files in it have modes of their own. */
function makeTraversable(folder: string): void {
  const { mode, uid } = statSync(folder);
  if (uid === process.getuid?.()) chmodSync(folder, (mode & 0o7777) | 0o011);
}

/** A folder that every account can enter and only our own can write to: below /var/lib, else below the temporary folder. */
export function outsideFolder(): string {
  for (const folder of ['/var/lib/arcadia-cloud', join(tmpdir(), `arcadia-cloud-${process.getuid?.() ?? 0}`)]) {
    try {
      makeEnterable(folder);
      const { uid, mode } = statSync(folder);
      if (uid === process.getuid?.() && (mode & 0o022) === 0) return folder;
    } catch {
      continue; // read-only or not ours: the next candidate
    }
  }
  const fresh = mkdtempSync(join(tmpdir(), 'arcadia-cloud-'));
  chmodSync(fresh, 0o755);
  return fresh;
}
