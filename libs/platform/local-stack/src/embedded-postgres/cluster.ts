import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Binaries } from './binaries';
import { EmbeddedPostgresError } from '../local-stack.errors';
import type { OsAccount } from './os-account';

/** `durable` keeps every commit through a power failure; `throwaway` is for tests, which need no data after a crash. */
export type Durability = 'durable' | 'throwaway';

/** Generated once per cluster. `owner` is the superuser that migrates; api and worker log in with `app`. */
export interface Passwords {
  readonly owner: string;
  readonly app: string;
}

/** An initialised data directory on disk, and everything that is needed to run it and log in. */
export interface Cluster {
  readonly dataDir: string;
  /** Runs the server; undefined: our own account does. */
  readonly account: OsAccount | undefined;
  readonly passwords: Passwords;
  /** Not on disk yet: `initialise` is due. */
  readonly fresh: boolean;
}

/** The cluster's superuser: owns every database, migrates, bypasses row security. Api and worker never get its password. */
export const OWNER_ROLE = 'arcadia_owner';

/** Opens the cluster, or plans a new one where there is none. Throws `embedded_postgres_data_unusable` for a folder with other content. */
export function openCluster(homeDir: string, dataDir: string, account: OsAccount | undefined): Cluster {
  if (existsSync(join(dataDir, 'PG_VERSION'))) {
    const passwords = readPasswords(homeDir);
    if (passwords) return { dataDir, account: account && ownerOf(dataDir), passwords, fresh: false };
    throw dataUnusable(
      `${passwordFile(homeDir)} is missing, without it the database in ${dataDir} cannot be entered: restore the file, or move ${dataDir} away to begin with an empty database`,
    );
  }
  if (existsSync(dataDir) && readdirSync(dataDir).length > 0) {
    throw dataUnusable(
      `${dataDir} is not a PostgreSQL data directory (PG_VERSION is missing; the server's log is ${join(homeDir, 'postgres.log')}): restore it from a backup, or move it away to begin with an empty database`,
    );
  }
  return { dataDir, account, passwords: createPasswords(homeDir), fresh: true };
}

function dataUnusable(message: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError('embedded_postgres_data_unusable', message);
}

/** PostgreSQL insists on owning its files, so the account that created a cluster runs it. */
function ownerOf(dataDir: string): OsAccount {
  const { uid, gid } = statSync(dataDir);
  return { uid, gid };
}

/** initdb works beside the final place and the result is moved there, so a crash leaves nothing that resembles a cluster. */
export async function initialise({ dataDir, account, passwords }: Cluster, binaries: Binaries, durability: Durability): Promise<void> {
  for (const remnant of readdirSync(dirname(dataDir))) {
    if (remnant.startsWith(`${basename(dataDir)}-initdb-`)) rmSync(join(dirname(dataDir), remnant), { recursive: true, force: true });
  }
  const workDir = `${dataDir}-initdb-${process.pid}`;
  const passwordCopy = join(workDir, 'password');
  mkdirSync(workDir, { mode: 0o700 });
  writeFileSync(passwordCopy, passwords.owner, { mode: 0o600 });
  if (account) for (const path of [workDir, passwordCopy]) chownSync(path, account.uid, account.gid);
  try {
    await runInitdb(binaries.initdb, workDir, passwordCopy, account, durability);
    renameSync(join(workDir, 'data'), dataDir);
  } finally {
    rmSync(workDir, { recursive: true, force: true });
  }
}

function runInitdb(
  initdb: string,
  workDir: string,
  passwordCopy: string,
  account: OsAccount | undefined,
  durability: Durability,
): Promise<void> {
  const flags = [
    `--username=${OWNER_ROLE}`,
    `--pwfile=${passwordCopy}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--no-instructions',
  ];
  if (durability === 'throwaway') flags.push('--no-sync');
  return new Promise((resolve, reject) => {
    const child = spawn(initdb, ['-D', join(workDir, 'data'), ...flags], {
      ...account,
      cwd: workDir,
      env: serverEnvironment(),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let complaint = '';
    child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
    const fail = (why: string) =>
      reject(
        new EmbeddedPostgresError(
          'embedded_postgres_start_failed',
          `initdb could not create a database in ${dirname(workDir)} (${why.trim().replaceAll(/\s*\n\s*/g, '; ')}): fix the cause, or set DATABASE_URL to a PostgreSQL server of your own`,
        ),
      );
    child.once('error', (error) => fail(error.message));
    child.once('close', (code) => (code === 0 ? resolve() : fail(complaint || `exit code ${code}`)));
  });
}

/** Our own environment does not reach the server: PG* variables would redirect it, and its locale must not depend on the terminal. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };
}

/** `<homeDir>/postgres-passwords.json`, readable by our own account alone: the server's account never needs it. */
function passwordFile(homeDir: string): string {
  return join(homeDir, 'postgres-passwords.json');
}

/** Undefined when the file does not exist yet. */
export function readPasswords(homeDir: string): Passwords | undefined {
  const file = passwordFile(homeDir);
  const unreadable = (why: string) =>
    dataUnusable(`The password file ${file} ${why}: restore it, or move its folder away to begin with an empty database`);
  try {
    const { owner, app } = JSON.parse(readFileSync(file, 'utf8')) as Partial<Passwords>;
    if (typeof owner === 'string' && typeof app === 'string') return { owner, app };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    if ((error as NodeJS.ErrnoException).code === 'EACCES') throw unreadable('belongs to another account');
  }
  throw unreadable('is damaged');
}

/** The passwords are on disk before the cluster that uses them exists, so a crash between the two loses nothing. */
function createPasswords(homeDir: string): Passwords {
  const passwords = { owner: randomBytes(24).toString('hex'), app: randomBytes(24).toString('hex') };
  const file = passwordFile(homeDir);
  const draft = `${file}.${process.pid}`;
  const handle = openSync(draft, 'w', 0o600);
  writeSync(handle, JSON.stringify(passwords));
  fsyncSync(handle);
  closeSync(handle);
  renameSync(draft, file);
  return passwords;
}
